import type { Graph, Value } from '../graph/graph.js';
import type { Op } from './op.js';

/** One use of an op, kept so that the reverse walk can visit it. */
export interface Application {
  readonly op: Op<string, unknown, unknown>;
  readonly inputs: Readonly<Record<string, Value>>;
  readonly outputs: readonly Value[];
  readonly attributes: unknown;
  readonly saved: unknown;
}

/** Builds a graph out of ops and remembers them in order (a Wengert list). */
export class Tape {
  readonly applications: Application[] = [];

  constructor(readonly graph: Graph) {}

  applyAll<Input extends string, Attributes, Saved>(
    op: Op<Input, Attributes, Saved>,
    inputs: Readonly<Record<Input, Value>>,
    attributes: Attributes,
  ): readonly Value[] {
    const { outputs, saved } = op.forward(this.graph, inputs, attributes);
    // The record is used with the attributes and saved values it made itself, so forgetting their types is safe.
    this.applications.push({ op: op as unknown as Application['op'], inputs, outputs, attributes, saved });
    return outputs;
  }

  /** Applies an op with one result. */
  apply<Input extends string, Saved>(
    op: Op<Input, void, Saved>,
    inputs: Readonly<Record<Input, Value>>,
  ): Value;
  apply<Input extends string, Attributes, Saved>(
    op: Op<Input, Attributes, Saved>,
    inputs: Readonly<Record<Input, Value>>,
    attributes: Attributes,
  ): Value;
  apply<Input extends string, Attributes, Saved>(
    op: Op<Input, Attributes, Saved>,
    inputs: Readonly<Record<Input, Value>>,
    attributes?: Attributes,
  ): Value {
    return this.applyAll(op, inputs, attributes as Attributes)[0] as Value;
  }
}
