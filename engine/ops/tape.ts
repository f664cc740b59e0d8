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

/** Applications `first` … `end` − 1 of a tape. */
export interface Segment {
  readonly first: number;
  readonly end: number;
}

/** Builds a graph out of ops and remembers them in order (a Wengert list). */
export class Tape {
  readonly applications: Application[] = [];
  /** One after the other, of which each may be computed again from what goes into it. */
  readonly segments: Segment[] = [];

  constructor(readonly graph: Graph) {}

  /** What `build` applies is a segment, as a layer is. */
  segment(build: () => Value): Value {
    const first = this.applications.length;
    const result = build();
    this.segments.push({ first, end: this.applications.length });
    return result;
  }

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
