/** How the loss that is trained departs from the plain cross-entropy. */
export interface LossSettings {
  /**
   * ε: the share of the truth that is spread over all answers, so that none is ever certain (Szegedy et al. 2016,
   * sec. 7). Targets become y·(1 − ε) + ε/2 with yes or no per label, and y·(1 − ε) + ε/classes of a softmax.
   */
  readonly labelSmoothing: number;
  /** By label, what one of its positives counts; null: all count 1. */
  readonly weights: readonly number[] | null;
  /** γ of the focal loss (Lin et al. 2017): an answer p for the truth counts (1 − p)^γ times; 0 is plain. */
  readonly focalGamma: number;
  /** In place of all of these. */
  readonly asymmetric: AsymmetricSettings | null;
}

/** Ridnik et al. 2021, "Asymmetric Loss For Multi-Label Classification". */
export interface AsymmetricSettings {
  /** γ− and γ+, how much less easy negatives and easy positives count. */
  readonly gammaNegative: number;
  readonly gammaPositive: number;
  /** m: probabilities of negatives below it count nothing. */
  readonly margin: number;
}

/** How often dropout of a text is drawn in a step. */
export interface DrawSettings {
  /** Draws of the last dropout; the loss is the mean of theirs (Inoue 2019). */
  readonly dropoutSamples: number;
  /**
   * α of R-Drop (Liang et al. 2021, "R-Drop: Regularized Dropout for Neural Networks"): each text passes twice, with
   * draws of its own, and the loss is the mean of both passes' and α times how far their answers are apart
   * (divergence.ts). 0: each passes once.
   */
  readonly rDrop: number;
}

export const oneDraw: DrawSettings = { dropoutSamples: 1, rDrop: 0 };

/** How often each text of a batch passes. */
export function passesOf({ rDrop }: Pick<DrawSettings, 'rDrop'>): number {
  return rDrop > 0 ? 2 : 1;
}

export const plainLoss: LossSettings = {
  labelSmoothing: 0,
  weights: null,
  focalGamma: 0,
  asymmetric: null,
};
