import { describe, expect, it } from 'vitest';
import { Depths } from '../../../engine/nn/depths.js';
import { parametersOf } from '../../../engine/inference/parameters.js';
import { goldenClassifier, goldenJson, goldenModels } from './golden-model.js';

/** What the families' names of parameters say, read here by their patterns alone. */
function levelBy(name: string, { layers, inner }: Sizes): number {
  const inLayer = /\.layers?\.(\d+)\./.exec(name);
  if (inLayer !== null) return Number(inLayer[1]) + 1;
  const inGroup = /\.albert_layer_groups\.(\d+)\.albert_layers\.(\d+)\./.exec(name);
  if (inGroup !== null) return Number(inGroup[1]) * inner + Number(inGroup[2]) + 1;
  // DeBERTa-v2's convolution is part of its first layer.
  if (/\.encoder\.conv\./.test(name)) return 1;
  const shared =
    /\.(?:embeddings|embeddings_project|embedding_hidden_mapping_in|rel_embeddings)\.|relative_attention_bias/;
  return shared.test(name) ||
    name === 'deberta.encoder.LayerNorm.weight' ||
    name === 'deberta.encoder.LayerNorm.bias'
    ? 0
    : layers + 1;
}

interface Sizes {
  readonly layers: number;
  /** Layers of a group that is used again and again. */
  readonly inner: number;
}

function sizesOf(model: string): Sizes {
  const config = goldenJson<Record<string, number>>(model, 'config.json');
  const inner = config['inner_group_num'] ?? 1;
  const groups = config['num_hidden_groups'];
  return { layers: (groups ?? config['num_hidden_layers'] ?? config['n_layers'] ?? 0) * inner, inner };
}

describe.each(goldenModels)('the parameters of %s', (model) => {
  const parameters = parametersOf(goldenClassifier(model));
  const depths = new Depths(parameters);

  it('lie among the embeddings, in a layer or above them', () => {
    const sizes = sizesOf(model);
    const { layers } = sizes;
    expect(depths.layers).toBe(layers);
    for (const { name } of parameters) expect(depths.level(name), name).toBe(levelBy(name, sizes));
    const levels = new Set(parameters.map(({ name }) => depths.level(name)));
    expect(levels).toEqual(new Set(Array.from({ length: layers + 2 }, (_, level) => level)));
  });
});
