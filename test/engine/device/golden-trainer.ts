import type { Device } from '../../../engine/device/device.js';
import { Trainer, type TrainerOptions } from '../../../engine/training/trainer.js';
import { goldenClassifier, goldenTensors } from '../models/golden-model.js';
import { writeWeights } from './weights.js';

/** A training of a golden model's weights, a tenth of its values dropped, on any device. */
export async function goldenTrainer(
  device: Device,
  model: string,
  options: Partial<TrainerOptions>,
): Promise<Trainer> {
  const classifier = goldenClassifier(model, { hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.1 });
  const trainer = await Trainer.create({
    device,
    classifier,
    vocabulary: classifier.vocabulary,
    loss: 'binaryCrossEntropy',
    dropout: true,
    mostTokens: 200,
    optimizer: { weightDecay: 0.01, maxGradNorm: 1 },
    ...options,
  });
  await writeWeights(trainer, await goldenTensors(model, 'model.safetensors'));
  return trainer;
}
