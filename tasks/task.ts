/** What a row may be: any number of labels, or exactly one of several classes. */
export type TaskName = 'multi-label' | 'single-label';

/** Scores of held-out rows by which an epoch may be chosen. */
export type EpochScoreName = 'macroF1' | 'accuracy' | 'valLoss';

/**
 * Everything that depends on what a row may be. Engine, activities and report ask the task; none of them
 * decides it by itself.
 *
 * Truth is 0 or 1 per row and label, `[rows, width]`; of a single-label row exactly one is 1. Matrices are
 * row-major.
 */
export interface Task {
  readonly name: TaskName;
  /** As transformers' configurations name it. */
  readonly problemType: 'multi_label_classification' | 'single_label_classification';
  /** The loss that is trained, by its name in the engine. */
  readonly loss: 'binaryCrossEntropy' | 'softmaxCrossEntropy';
  /** Probabilities of logits, computed in float64. */
  activate(logits: Float32Array, width: number): Float32Array;
  /** The trained loss of logits, in float64; 0 for no rows. */
  lossOf(logits: Float32Array, truth: Uint8Array, width: number): number;
  /** What the probabilities gave what truly happened: an entry per observation (see metrics/mixture.ts). */
  likelihoods(probabilities: Float32Array, truth: Uint8Array, width: number): Float64Array;
  /** Decisions before anything is tuned, 0 or 1 per row and label. */
  decide(probabilities: Float32Array, width: number): Uint8Array;
  /** What else than the loss is told of each epoch: of decisions before anything is tuned. */
  epochScores(
    probabilities: Float32Array,
    truth: Uint8Array,
    width: number,
  ): Readonly<Partial<Record<Exclude<EpochScoreName, 'valLoss'>, number>>> & { readonly macroF1: number };
  /** What is wrong with a row's truth, in words; null where it is a truth of this task. */
  faultOf(truth: Uint8Array): string | null;
}
