/** The reference method's training, the same as in pytorch_step.py. */
export const training = {
  batchSize: 16,
  maxLength: 128,
  learningRate: 1.5e-5,
  weightDecay: 0.01,
  maxGradNorm: 1,
  warmupRatio: 0.1,
  seed: 42,
} as const;
