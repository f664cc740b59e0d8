import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { InputFault } from '../../../errors/fault.js';
import type { NamedTensor } from '../../../engine/checkpoint/safetensors.js';
import { writeSafetensors } from '../../../engine/checkpoint/safetensors.js';
import { learnVocabulary } from '../../../engine/tokenization/vocabulary.js';
import type { ModelSource } from '../../../engine/training/model-source.js';
import { openedModel, openModelSource } from '../../../engine/training/model-source.js';
import { parametersOf } from '../../../engine/inference/parameters.js';
import { goldenClassifier, goldenJson, goldenTensors } from '../models/golden-model.js';

const root = mkdtempSync(join(tmpdir(), 'foldwise-source-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A golden. */
type Model = string;
type Tensors = readonly NamedTensor[];

async function goldenCheckpoint(model: Model): Promise<Tensors> {
  const shapes = new Map(parametersOf(goldenClassifier(model)).map(({ name, shape }) => [name, shape]));
  const stored = await goldenTensors(model, 'model.safetensors');
  return [...stored].map(([name, data]) => ({ name, shape: shapes.get(name) ?? [], data }));
}

const five = ['a', 'b', 'c', 'd', 'e'];

/** A folder of the golden model after a change to its tensors or its configuration. */
async function folderOf(
  model: Model,
  change: (tensors: Tensors) => Tensors,
  { config = {}, vocabulary = 60 }: { config?: Record<string, unknown>; vocabulary?: number } = {},
): Promise<string> {
  const folder = mkdtempSync(join(root, 'model-'));
  await writeSafetensors(join(folder, 'model.safetensors'), change(await goldenCheckpoint(model)));
  const settings = { ...goldenJson<Record<string, unknown>>(model, 'config.json'), ...config };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(settings));
  const type = model === 'bert' ? 'bert' : 'deberta-v2';
  writeFileSync(join(folder, 'tokenizer.json'), learnVocabulary(['a b c'], { size: vocabulary, type }));
  // Not that of the family, which transformers would make of the file otherwise.
  writeFileSync(join(folder, 'tokenizer_config.json'), '{"tokenizer_class": "PreTrainedTokenizerFast"}');
  return folder;
}

/** Opens it. */
async function opened(
  model: Model,
  change: (tensors: Tensors) => Tensors,
  {
    key = [42, 1],
    labels = five,
    ...others
  }: {
    config?: Record<string, unknown>;
    key?: readonly [number, number];
    vocabulary?: number;
    labels?: readonly string[];
  } = {},
): Promise<ModelSource> {
  const folder = await folderOf(model, change, others);
  return openModelSource({ checkpoint: folder, maxLength: 32 }, labels, key);
}

async function weightsOf(source: ModelSource): Promise<Map<string, number[]>> {
  const weights = new Map<string, number[]>();
  for (const { name } of parametersOf(source.classifier))
    weights.set(name, [...(await source.initial(name))]);
  await source.close();
  return weights;
}

const tensor = (name: string, shape: readonly number[]): NamedTensor => ({
  name,
  shape,
  data: new Float32Array(shape.reduce((product, dim) => product * dim, 1)).fill(7),
});
const renamed =
  (from: RegExp, to: string) =>
  (tensors: Tensors): Tensors =>
    tensors.map((entry) => ({ ...entry, name: entry.name.replace(from, to) }));
const without =
  (pattern: RegExp) =>
  (tensors: Tensors): Tensors =>
    tensors.filter(({ name }) => !pattern.test(name));
const withMore =
  (...more: NamedTensor[]) =>
  (tensors: Tensors): Tensors => [...tensors, ...more];
const same = (tensors: Tensors): Tensors => tensors;

describe('a checkpoint gives the weights it holds', () => {
  it.each<[string, Model, (tensors: Tensors) => Tensors]>([
    ['under their own names', 'bert', same],
    ['under their own names', 'deberta-v3', same],
    ['without the prefix of the base model', 'bert', renamed(/^bert\./, '')],
    ['without the prefix of the base model', 'deberta-v3', renamed(/^deberta\./, '')],
    [
      'with layer norms under their old names',
      'bert',
      (tensors) =>
        renamed(
          /LayerNorm\.weight$/,
          'LayerNorm.gamma',
        )(renamed(/LayerNorm\.bias$/, 'LayerNorm.beta')(tensors)),
    ],
    [
      'beside a pretraining head and position ids',
      'bert',
      withMore(
        tensor('cls.predictions.bias', [100]),
        tensor('cls.seq_relationship.weight', [2, 32]),
        tensor('bert.embeddings.position_ids', [1, 64]),
      ),
    ],
    [
      'beside pretraining heads and unused absolute positions',
      'deberta-v3',
      withMore(
        tensor('lm_predictions.lm_head.bias', [120]),
        tensor('mask_predictions.dense.weight', [32, 32]),
        tensor('deberta.embeddings.position_embeddings.weight', [64, 32]),
      ),
    ],
  ])('%s (%s)', async (_, model, change) => {
    const weights = await weightsOf(await opened(model, change));
    for (const [name, expected] of await goldenTensors(model, 'model.safetensors')) {
      expect(weights.get(name), name).toEqual([...expected]);
    }
  });

  it('and single rows of its word embedding, in the order asked for', async () => {
    const source = await opened('bert', same);
    const words = await source.initial(source.classifier.wordEmbedding);
    const rows = await source.embeddingRows(Int32Array.of(5, 99, 0));
    await source.close();
    expect([...rows]).toEqual([5, 99, 0].flatMap((row) => [...words.subarray(row * 32, (row + 1) * 32)]));
  });
});

describe.each<[Model, RegExp, string[], RegExp, string]>([
  [
    'roberta-1',
    /^roberta\./,
    ['lm_head.dense.weight', 'roberta.pooler.dense.bias', 'roberta.embeddings.position_ids'],
    /^classifier\./,
    'classifier.out_proj',
  ],
  [
    'xlm-roberta-1',
    /^roberta\./,
    ['lm_head.bias', 'pooler.dense.bias'],
    /^classifier\./,
    'classifier.out_proj',
  ],
  ['camembert-1', /^roberta\./, ['lm_head.decoder.weight'], /^classifier\./, 'classifier.out_proj'],
  [
    'distilbert-1',
    /^distilbert\./,
    ['vocab_transform.weight', 'vocab_layer_norm.bias', 'vocab_projector.bias'],
    /classifier\./,
    'classifier',
  ],
  [
    'electra-1',
    /^electra\./,
    ['discriminator_predictions.dense.weight', 'generator_lm_head.bias', 'embeddings.position_ids'],
    /^classifier\./,
    'classifier.out_proj',
  ],
  [
    'mpnet-1',
    /^mpnet\./,
    ['lm_head.bias', 'mpnet.pooler.dense.weight'],
    /^classifier\./,
    'classifier.out_proj',
  ],
  [
    'albert-1',
    /^albert\./,
    ['predictions.decoder.weight', 'sop_classifier.classifier.bias'],
    /^classifier\.|^albert\.pooler\./,
    'classifier',
  ],
  [
    'deberta-1',
    /^deberta\./,
    ['lm_predictions.lm_head.bias', 'cls.predictions.bias'],
    /^(classifier|pooler)\./,
    'classifier',
  ],
  ['modernbert-1', /^model\./, ['decoder.weight', 'decoder.bias'], /^(classifier|head)\./, 'classifier'],
])('a checkpoint of %s', (model, prefix, ballast, head, labelled) => {
  const stored = (): Promise<Map<string, Float32Array>> => goldenTensors(model, 'model.safetensors');
  const small = { vocabulary: 20 };

  it('has its weights with and without the prefix of the base model, beside what else it was trained for', async () => {
    const more = withMore(...ballast.map((name) => tensor(name, [3])));
    const changes: ((tensors: Tensors) => Tensors)[] = [
      more,
      (tensors) => more(renamed(prefix, '')(tensors)),
    ];
    for (const change of changes) {
      const weights = await weightsOf(await opened(model, change, small));
      for (const [name, expected] of await stored()) expect(weights.get(name), name).toEqual([...expected]);
    }
  });

  it('gets a new head where it has none, and where it has one for another number of labels', async () => {
    const weights = await weightsOf(await opened(model, without(head), small));
    for (const [name, expected] of await stored()) {
      if (!head.test(name)) expect(weights.get(name), name).toEqual([...expected]);
      else if (name.endsWith('.bias')) expect(weights.get(name)?.every((value) => value === 0)).toBe(true);
      else expect(weights.get(name), name).not.toEqual([...expected]);
    }
    const fewer = await opened(model, same, { ...small, labels: ['a', 'b', 'c'] });
    expect(fewer.warnings[0]).toMatch(/has 5 labels .* and the pipeline 3: a new head is made/);
    const width = (weights.get(`${labelled}.weight`)?.length ?? 0) / 5;
    expect((await weightsOf(fewer)).get(`${labelled}.weight`)).toHaveLength(3 * width);
  });

  it('is refused where a tensor of its encoder is missing, and what is there besides is told', async () => {
    const changed = (tensors: Tensors): Tensors =>
      withMore(tensor('stray.weight', [1]))(
        without(/layers?\.0\..*\.weight$|_layers\.0\.ffn\.weight$/)(tensors),
      );
    await expect(opened(model, changed, small)).rejects.toThrow(/\d+ missing: .*1 unexpected: stray\.weight/);
  });
});

describe('new heads', () => {
  const headless = (model: Model): ((tensors: Tensors) => Tensors) =>
    without(model === 'bert' ? /^classifier\.|^bert\.pooler\./ : /^classifier\.|^pooler\./);
  const dense = (model: Model): string => (model === 'bert' ? 'bert.pooler.dense' : 'pooler.dense');

  it.each<Model>(['bert', 'deberta-v3'])(
    'of %s start normal(0, initializer range), biases at zero',
    async (model) => {
      const weights = await weightsOf(
        await opened(model, headless(model), { config: { initializer_range: 0.05 } }),
      );
      const drawn = weights.get(`${dense(model)}.weight`) ?? [];
      expect(drawn).toHaveLength(32 * 32);
      const deviation = Math.sqrt(drawn.reduce((sum, value) => sum + value * value, 0) / drawn.length);
      // A thousand draws: the sample's deviation lies within some 2 % of its own, the mean within 0.03 of it.
      expect(deviation / 0.05).toBeGreaterThan(0.93);
      expect(deviation / 0.05).toBeLessThan(1.07);
      expect(Math.abs(drawn.reduce((sum, value) => sum + value, 0) / drawn.length)).toBeLessThan(0.05 * 0.1);
      expect(weights.get(`${dense(model)}.bias`)?.every((value) => value === 0)).toBe(true);
      expect(weights.get('classifier.bias')).toEqual([0, 0, 0, 0, 0]);
      expect(new Set(weights.get('classifier.weight')).size).toBeGreaterThan(150);
    },
  );

  it('are the same for the same seed and fold, and others for another', async () => {
    const head = async (key: readonly [number, number]): Promise<number[] | undefined> =>
      (await weightsOf(await opened('bert', headless('bert'), { key }))).get('classifier.weight');
    expect(await head([42, 1])).toEqual(await head([42, 1]));
    expect(await head([42, 2])).not.toEqual(await head([42, 1]));
    expect(await head([43, 1])).not.toEqual(await head([42, 1]));
  });

  it('leave the weights of the encoder as the checkpoint has them', async () => {
    const weights = await weightsOf(await opened('bert', headless('bert')));
    const name = 'bert.encoder.layer.0.attention.self.query.weight';
    expect(weights.get(name)).toEqual([
      ...((await goldenTensors('bert', 'model.safetensors')).get(name) ?? []),
    ]);
  });
});

describe('model.pooling', () => {
  const pooled = async (model: Model, pooling: 'first' | 'mean'): Promise<ModelSource> => {
    const folder = await folderOf(model, same, { vocabulary: 20 });
    return openModelSource({ checkpoint: folder, maxLength: 32, pooling }, five, [42, 1]);
  };

  it('is what the exported configuration says', async () => {
    for (const [pooling, name] of [
      ['first', 'cls'],
      ['mean', 'mean'],
    ] as const) {
      const source = await pooled('modernbert-1', pooling);
      expect(source.config['classifier_pooling']).toBe(name);
      expect(source.classifier.averaged).toBe(pooling === 'mean');
      await source.close();
    }
  });

  it('is refused where the configuration of the family has no word for it', async () => {
    await expect(pooled('roberta-1', 'mean')).rejects.toThrow(/^model\.pooling: .*'roberta' model/);
  });
});

describe('the head of a checkpoint', () => {
  const named = (labels: readonly string[]) => ({
    id2label: Object.fromEntries(labels.map((label, i) => [String(i), label])),
  });
  const three = ['a', 'b', 'c'];
  const warningsOf = async (
    model: Model,
    options: { config?: Record<string, unknown>; labels?: readonly string[] },
  ): Promise<readonly string[]> => {
    const source = await opened(model, same, options);
    await source.close();
    return source.warnings;
  };

  it.each<Model>(['bert', 'deberta-v3'])(
    'of another size is made anew, as where there is none, and that is said (%s)',
    async (model) => {
      const config = named(['v', 'w', 'x', 'y', 'z']);
      const source = await opened(model, same, { labels: three, config });
      expect(source.warnings).toEqual([
        'the classification head of the checkpoint has 5 labels (v, w, x, y, z) and the pipeline 3: a new head is made, from random weights',
      ]);
      const weights = await weightsOf(source);
      const headless = await weightsOf(
        await opened(model, without(/^classifier\./), { labels: three, config }),
      );
      expect(weights).toEqual(headless);
      expect(weights.get('classifier.weight')).toHaveLength(3 * 32);
      expect(new Set(weights.get('classifier.weight')).size).toBeGreaterThan(90);
      // The pooler is no part of it.
      const pooler = model === 'bert' ? 'bert.pooler.dense.weight' : 'pooler.dense.weight';
      const stored = (await goldenTensors(model, 'model.safetensors')).get(pooler);
      expect(weights.get(pooler)).toEqual([...(stored ?? [])]);
    },
  );

  it('of the same size and labels is kept without a word', async () => {
    expect(await warningsOf('bert', { config: named(five) })).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    [
      'of other labels',
      named(['v', 'w', 'x', 'y', 'z']),
      /is kept: its labels \(v, w, x, y, z\) become .*\(a, b, c, d, e\), in this order$/,
    ],
    [
      'of the same labels in another order',
      named([...five].reverse()),
      /is kept: its labels \(e, d, c, b, a\)/,
    ],
    ['of labels that have numbers alone', named(five.map((_, i) => `LABEL_${i}`)), /which it does not name/],
    ['of labels that are not named', { id2label: undefined }, /which it does not name/],
    ['of names that are none', { id2label: { 0: 1 } }, /which it does not name/],
    ['of no names', { id2label: null }, /which it does not name/],
    ['of names with control characters', named(['\n', 'w', 'x', 'y', 'z']), /\("\\n", w, x, y, z\)/],
  ])('of the same size but %s is kept, and that is said', async (_, config, message) => {
    const warnings = await warningsOf('bert', { config });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(message);
  });

  it('that is not there is new without further words', async () => {
    const source = await opened('bert', without(/^classifier\./));
    await source.close();
    expect(source.warnings).toEqual([]);
  });
});

describe('tensors that belong to nothing', () => {
  const extra = (count: number): readonly Tensors[number][] =>
    Array.from({ length: count }, (_, i) => tensor(`bert.encoder.layer.${i + 2}.output.dense.bias`, [32]));

  it.each([
    [1, /has a tensor that .* left out: bert\.encoder\.layer\.2\.output\.dense\.bias$/],
    [70, /has 70 tensors that .*: (?:bert\.encoder\.layer\.\d+\.output\.dense\.bias(?:, )?){4} and 66 more$/],
  ])('are left out, and %i of them told in one warning', async (count, message) => {
    const source = await opened('bert', withMore(...extra(count)));
    await source.close();
    const told = source.warnings.filter((warning) => warning.includes('no place for'));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(message);
  });

  it('change no weight', async () => {
    const plain = await weightsOf(await opened('bert', same));
    expect(await weightsOf(await opened('bert', withMore(...extra(3))))).toEqual(plain);
  });
});

describe('a word embedding that was saved under the name it is tied to', () => {
  const embedding = 'bert.embeddings.word_embeddings.weight';
  const renamed =
    (name: string): ((tensors: Tensors) => Tensors) =>
    (tensors) =>
      tensors.map((each) => (each.name === embedding ? { ...each, name } : each));

  it.each(['cls.predictions.decoder.weight', 'lm_head.decoder.weight'])('%s is it', async (name) => {
    const plain = await weightsOf(await opened('bert', same));
    const source = await opened('bert', renamed(name));
    expect(source.warnings.filter((warning) => warning.includes('no place for'))).toEqual([]);
    expect(await weightsOf(source)).toEqual(plain);
  });

  it('is the one of its own name where both are there', async () => {
    const other = tensor('cls.predictions.decoder.weight', [1, 1]);
    expect(await weightsOf(await opened('bert', withMore(other)))).toEqual(
      await weightsOf(await opened('bert', same)),
    );
  });

  it('is missing where the two are not tied', async () => {
    const opening = opened('bert', renamed('cls.predictions.decoder.weight'), {
      config: { tie_word_embeddings: false },
    });
    await expect(opening).rejects.toThrow(/1 missing: bert\.embeddings\.word_embeddings\.weight/);
  });
});

describe('a checkpoint that does not fit is refused, naming', () => {
  const query = 'bert.encoder.layer.0.attention.self.query';

  it.each<[string, Model, (tensors: Tensors) => Tensors, RegExp, Record<string, unknown>?]>([
    [
      'a tensor that is missing',
      'bert',
      without(/layer\.0\..*query\.weight$/),
      /1 missing: .*layer\.0\.attention\.self\.query\.weight/,
    ],
    [
      'a tensor of another shape',
      'bert',
      (tensors) => [...without(/layer\.0\..*query\.bias$/)(tensors), tensor(`${query}.bias`, [16])],
      /1 misshaped: bert\.encoder\.layer\.0\.attention\.self\.query\.bias \[16\] instead of \[32\]/,
    ],
    [
      'all of them together',
      'bert',
      (tensors) =>
        withMore(tensor('stray', [1]), tensor(`${query}.bias`, [3]))(without(/query\.bias$/)(tensors)),
      /1 missing.*1 misshaped.*1 unexpected: stray/,
    ],
    [
      'absolute positions where the configuration has them and the checkpoint does not',
      'deberta-v3',
      same,
      /1 missing: deberta\.embeddings\.position_embeddings\.weight/,
      { position_biased_input: true },
    ],
    ['an encoder of which there is nothing', 'bert', without(/^bert\./), /\d+ missing: bert\.embeddings/],
  ])('%s (%s)', async (_, model, change, message, config = {}) => {
    const opening = opened(model, change, { config });
    await expect(opening).rejects.toThrow(InputFault);
    await expect(opening).rejects.toThrow(message);
  });

  it.each([
    ['a list', '["a"]'],
    ['a text', '"a"'],
    ['keys that are no numbers', '{"a": "b"}'],
    ['a key of the prototype', '{"__proto__": "b"}'],
  ])('labels that are %s', async (_, id2label) => {
    const config = { id2label: JSON.parse(id2label) as unknown };
    await expect(opened('bert', same, { config })).rejects.toThrow(/id2label: .*expected numbers as keys/);
  });

  it('a tokenizer with more tokens than the word embedding has rows', async () => {
    await expect(opened('bert', same, { vocabulary: 101 })).rejects.toThrow(/at least 101 rows/);
  });

  it('nothing of a tokenizer with exactly as many', async () => {
    await (await opened('bert', same, { vocabulary: 100 })).close();
  });
});

describe('texts that are longer than the model takes', () => {
  /** What is told of a pipeline that has texts of so many tokens, besides what is told of any. */
  async function toldOf(model: Model, maxLength: number): Promise<readonly string[]> {
    const { warnings } = await openedModel({ checkpoint: await folderOf(model, same), maxLength }, five);
    return warnings.filter((warning) => warning.includes('maxLength'));
  }

  it('are told where the pipeline has them, with what is read', async () => {
    const config = goldenJson<{ max_position_embeddings: number }>('bert', 'config.json');
    const most = config.max_position_embeddings;
    expect(await toldOf('bert', most)).toEqual([]);
    expect(await toldOf('bert', 600)).toEqual([
      `model.maxLength is 600, and the model takes ${most} tokens at most: so many are read at once`,
    ]);
  });

  it('are none for a model whose positions are relative', async () => {
    expect(await toldOf('deberta-v3', 600)).toEqual([]);
  });
});
