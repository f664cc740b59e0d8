import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Graph } from '../../../engine/graph/graph.js';
import { mostLiveBytes } from '../../../engine/graph/live-bytes.js';
import { matMul } from '../../../engine/graph/nodes.js';
import { productOperations } from '../../../engine/graph/product-operations.js';
import { parseTokenizer } from '../../../engine/tokenization/tokenizer.js';
import { learnVocabulary } from '../../../engine/tokenization/vocabulary.js';
import { estimateFold, type EstimatedFold } from '../../../engine/training/fold-estimate.js';
import { scratchModel } from '../../../engine/training/scratch-model.js';
import { referenceTraining } from '../../../pipeline/training.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-estimate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('of a graph', () => {
  const graph = new Graph();
  const a = graph.input('a', 'float32', ['tokens', 8]);
  const b = graph.input('b', 'float32', [8, 4]);
  const product = matMul(graph, a, b);
  const square = matMul(graph, product, product, { transposeA: true });
  graph.output('square', square);

  it('the operations of its products are counted, by what they sum over', () => {
    // tokens × 4 entries of 8 products each, then 4 × 4 of one for each token.
    expect(productOperations(graph, { tokens: 10 })).toBe(2 * (10 * 4 * 8 + 4 * 4 * 10));
    expect(() => productOperations(graph, {})).toThrow(/no size 'tokens'/);
  });

  it('the bytes that are there at once are counted, without what the host holds', () => {
    expect(mostLiveBytes(graph, { tokens: 10 }, () => false)).toBe(4 * (10 * 4 + 4 * 4));
    expect(mostLiveBytes(graph, { tokens: 10 }, () => true)).toBe(4 * (10 * 4));
  });
});

describe('what a fold will take', () => {
  const texts = Array.from({ length: 40 }, (_, i) => `a quiet evening ${i % 7} and the storm`);
  const path = join(folder, 'train.csv');
  writeFileSync(path, `text,good\n${texts.map((text, i) => `${text},${i % 2}\n`).join('')}`);
  const sizes = { hiddenSize: 16, layers: 2, heads: 2, intermediateSize: 32, vocabulary: 80 };
  const { classifier } = scratchModel({ type: 'bert', ...sizes }, 32, 1);

  const estimate = async (changes: Partial<EstimatedFold> = {}) =>
    estimateFold({
      classifier,
      tokenizer: await parseTokenizer(learnVocabulary(texts, { size: 80, type: 'bert' })),
      model: { maxLength: 32 },
      table: { file: path, text: ['text'], id: undefined, labels: ['good'] },
      rows: { trained: 32, heldOut: 8 },
      training: referenceTraining,
      threads: 1,
      ...changes,
    });

  it('is two spans, with the lengths and the speed that they are judged by', async () => {
    const { seconds, bytes, tokensPerText, operationsPerSecond } = await estimate();
    expect(seconds.least).toBeGreaterThan(0);
    expect(seconds.most).toBeGreaterThan(seconds.least);
    expect(bytes.least).toBeGreaterThan(50e6);
    expect(bytes.most).toBeGreaterThan(bytes.least);
    expect(tokensPerText).toBeGreaterThan(7);
    expect(operationsPerSecond).toBeGreaterThan(1e6);
  });

  it('grows with rows and epochs, and in memory with the batch', async () => {
    const work = ({ seconds, operationsPerSecond }: Awaited<ReturnType<typeof estimate>>): number =>
      (seconds.least - 2) * operationsPerSecond;
    const plain = work(await estimate());
    const rows = { trained: 64, heldOut: 16 };
    expect(work(await estimate({ rows })) / plain).toBeCloseTo(2, 6);
    expect(work(await estimate({ training: { ...referenceTraining, epochs: 8 } })) / plain).toBeCloseTo(2, 6);
    const frozen = { ...referenceTraining, freezeLayers: 2 };
    const cached = { ...frozen, cacheFrozen: true };
    const anew = work(await estimate({ training: frozen }));
    const once = work(await estimate({ training: cached }));
    expect(once).toBeLessThan(anew);
    // What is computed once is no part of a further epoch.
    const longer = work(await estimate({ training: { ...cached, epochs: 8 } }));
    expect(longer).toBeLessThan(2 * once * (1 - 1e-6));
    const [small, large] = [4, 32].map((batchSize) =>
      estimate({ training: { ...referenceTraining, batchSize } }),
    );
    expect((await large)?.bytes.least).toBeGreaterThan((await small)?.bytes.least ?? Infinity);
  });
});
