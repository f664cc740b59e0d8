import type { ParameterGroup } from '../optim/parameter-groups.js';
import type { Program } from './program.js';
import type { DropoutMask } from './training-state.js';

/**
 * A training graph as a device needs it: packed batch, weights by the parameters' names, dropout masks → `loss` and the
 * gradients.
 */
export interface TrainingProgram extends Program {
  /** In the order in which the model uses them, the inputs of their names. */
  readonly parameters: readonly OptimizedParameter[];
  /** The outputs that are a parameter's whole gradient, of its shape. */
  readonly gradients: readonly DenseGradient[];
  /** Parameters whose rows are looked up. */
  readonly tables: readonly TableGradient[];
  /** Its inputs that are masks: 0, or 1/(1 − probability). */
  readonly dropoutSites: readonly Pick<DropoutMask, 'name' | 'probability'>[];
}

/**
 * The input, float32 `[]`, that a program with a loss scale begins its backward pass with: its gradients are as many
 * times as large.
 */
export const lossScaleInput = 'lossScale';

/** A parameter as the optimizer sees it. */
export interface OptimizedParameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly group: ParameterGroup;
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
