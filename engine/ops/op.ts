import type { Graph, Value } from '../graph/graph.js';

/** What a gradient rule may use: the op's inputs and results, what the forward pass saved, and dY. */
export interface GradientContext<Input extends string, Attributes, Saved> {
  readonly graph: Graph;
  readonly inputs: Readonly<Record<Input, Value>>;
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
  readonly saved: Saved;
  /** dL/dY of each result, in their order. */
  readonly upstream: readonly Value[];
  /** dL/dY of the first result. */
  readonly dy: Value;
}

/** The vector–Jacobian product for one input; it may still have the broadcast shape. */
export type GradientRule<Input extends string, Attributes, Saved> = (
  context: GradientContext<Input, Attributes, Saved>,
) => Value;

/**
 * An operation: its forward nodes and, by name of the input, its gradient. `null` says that no gradient
 * flows there (an index, a mask); leaving an input out does not compile. A rule `'rows'` says that the
 * gradient of a table is the upstream rows at the looked-up places, which the optimizer adds up.
 */
export interface Op<Input extends string, Attributes = void, Saved = void> {
  readonly name: string;
  readonly forward: (
    graph: Graph,
    inputs: Readonly<Record<Input, Value>>,
    attributes: Attributes,
  ) => { readonly outputs: readonly Value[]; readonly saved: Saved };
  readonly gradient: {
    readonly [I in Input]: GradientRule<Input, Attributes, Saved> | 'rows' | null;
  };
}

/** An op with one result that saves nothing but what its rules see anyway. */
export function simpleOp<Input extends string, Attributes = void>(record: {
  readonly name: string;
  readonly forward: (graph: Graph, inputs: Readonly<Record<Input, Value>>, attributes: Attributes) => Value;
  readonly gradient: Op<Input, Attributes>['gradient'];
}): Op<Input, Attributes> {
  return {
    name: record.name,
    forward: (graph, inputs, attributes) => ({
      outputs: [record.forward(graph, inputs, attributes)],
      saved: undefined,
    }),
    gradient: record.gradient,
  };
}
