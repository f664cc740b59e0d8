import type { PhiloxKey } from '../../engine/kernels/philox.js';
import { normal } from '../../engine/kernels/philox.js';
import { scratchFamily } from '../../engine/models/families.js';
import type { Classifier } from '../../engine/models/family.js';
import { openModelSource } from '../../engine/training/model-source.js';
import type { Trainer } from '../../engine/training/trainer.js';
import type { Network } from './networks.js';
import { training } from './training.js';

/** A classifier and where its weights come from. */
export interface OurModel {
  readonly classifier: Classifier;
  /** @param vocabulary the rows of the word embedding that are trained */
  load(trainer: Trainer, vocabulary: Int32Array): Promise<void>;
}

const key: PhiloxKey = [training.seed, 0];

/** Values drawn at once: small pieces, so that drawing does not show in the peak of memory. */
const pieceLength = 65_536;

export function randomModel({ type, sizes }: Network, labels: number): OurModel {
  const family = scratchFamily(type);
  const classifier = family.classifier(family.scratchConfig(sizes), labels);
  return {
    classifier,
    load: async ({ parameters, state }) => {
      for (const [place, { name, shape, initial }] of parameters.entries()) {
        const weights = new Float32Array(shape.reduce((count, extent) => count * extent, 1));
        if (initial === 'normal') drawNormal(weights, classifier.initializerRange, place);
        else weights.fill(initial === 'ones' ? 1 : 0);
        await state.write('weights', name, weights);
      }
    },
  };
}

function drawNormal(weights: Float32Array, deviation: number, place: number): void {
  for (let start = 0, piece = 0; start < weights.length; start += pieceLength, piece++) {
    const end = Math.min(weights.length, start + pieceLength);
    const draws = normal(end - start, key, [place, piece, 0]);
    for (let i = start; i < end; i++) weights[i] = (draws[i - start] as number) * deviation;
  }
}

export async function pretrainedModel(folder: string, labels: number): Promise<OurModel> {
  const names = Array.from({ length: labels }, (_, i) => `label ${i}`);
  const source = await openModelSource({ checkpoint: folder, maxLength: training.maxLength }, names, key);
  return {
    classifier: source.classifier,
    load: async (trainer, vocabulary) => {
      for (const { name } of trainer.parameters) {
        const isWords = name === source.classifier.wordEmbedding;
        const values = isWords ? await source.embeddingRows(vocabulary) : await source.initial(name);
        await trainer.state.write('weights', name, values);
      }
      await source.close();
    },
  };
}
