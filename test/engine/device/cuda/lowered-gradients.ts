import { lowered } from '../../../../engine/device/cuda/lowered.js';
import type { LoweredProgram } from '../../../../engine/device/resident/device.js';
import { gradientProgram } from '../../../../engine/device/resident/gradient-program.js';
import { Packing, packSizes } from '../../../../engine/device/resident/packing.js';
import { forRecording } from '../../../../engine/device/resident/recorded-session.js';
import { trainingGraph } from '../../../../engine/training/graphs.js';
import { goldenClassifier } from '../../models/golden-model.js';

/** What gives the gradients of a golden model, as a card of CUDA is given it to be recorded. */
export function loweredGradients(model: string): LoweredProgram {
  const classifier = goldenClassifier(model, { hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.1 });
  const { vocabulary } = classifier;
  const graph = trainingGraph(classifier, {
    vocabulary,
    groups: 1,
    dropout: true,
    loss: 'binaryCrossEntropy',
  });
  const program = gradientProgram(graph, Packing.of(graph, packSizes.cuda), 32);
  return lowered(forRecording(program).program);
}
