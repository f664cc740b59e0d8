import type { Graph } from '../graph/graph.js';

/**
 * A training graph as a device needs it: packed batch, weights by the parameters' names, dropout masks → `loss` and the
 * gradients.
 */
export interface TrainingProgram {
  /** As an ONNX model. */
  readonly bytes: Uint8Array;
  /** What `bytes` were made of, for a device that goes on from the gradients in the same graph. */
  readonly graph: Graph;
  /** The named sizes that are inputs `dim:<name>`, int64 `[1]`. */
  readonly dims: readonly string[];
  /** The outputs that are a parameter's whole gradient, of its shape. */
  readonly gradients: readonly DenseGradient[];
  /** Parameters whose rows are looked up. */
  readonly tables: readonly TableGradient[];
}

export interface DenseGradient {
  readonly parameter: string;
  readonly output: string;
}

/** The gradients of looked-up rows, which are added up in the order of the tokens. */
export interface TableGradient {
  /** The parameter. */
  readonly name: string;
  /** The input with the ids of its rows, int64 `[tokens]`. */
  readonly ids: string;
  /** The output with their gradients, `[tokens, width]`; tables that are summed share one. */
  readonly rows: string;
  readonly width: number;
}
