import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { EnsembleDefinition } from '../../ensemble/definition.js';
import { Ensemble } from '../../ensemble/ensemble.js';
import { predictTexts } from '../../engine/inference/predict.js';
import { TextReader } from '../../engine/inference/text-reader.js';
import { trainFold } from '../../engine/training/fold.js';
import { InputFault } from '../../errors/fault.js';
import { job, modelFolder, never, texts, useSmallFolds } from '../engine/training/small-fold.js';

useSmallFolds();

const labels = ['good', 'loud'];
const folders: string[] = [];

beforeAll(async () => {
  for (const fold of [1, 2]) {
    const outcome = await trainFold(job('bert', { fold }, { epochs: 4 }), () => undefined, never);
    folders.push(modelFolder(outcome, `ensemble-${fold}`));
  }
});

const of = (changes: Partial<EnsembleDefinition> = {}): EnsembleDefinition => ({
  task: 'multi-label',
  labels,
  thresholds: [0.5, 0.4],
  members: [{ weight: 1, models: folders.map((folder) => ({ folder, maxLength: 32 })) }],
  ...changes,
});

const alone = (folder: string, asked: readonly string[]): Promise<Float32Array> =>
  predictTexts(folder, asked, { maxLength: 32, threads: 1 });

describe('an ensemble', () => {
  it('gives the mean of its models, decided by its thresholds', async () => {
    const ensemble = await Ensemble.open(of(), { threads: 1 });
    const { probabilities, decisions } = await ensemble.score(texts);
    await ensemble.release();
    const [first, second] = [await alone(folders[0]!, texts), await alone(folders[1]!, texts)];
    expect(first).not.toEqual(second);
    expect(probabilities).toEqual(first.map((p, i) => Math.fround(p + second[i]!) / 2));
    const decided = [...probabilities].map((p, i) => Number(p >= Math.fround(i % 2 === 0 ? 0.5 : 0.4)));
    expect([...decisions]).toEqual(decided);
    expect(new Set(decided)).toEqual(new Set([0, 1]));
  });

  it('reads texts once for all models that read alike, and again for one that cuts them elsewhere', async () => {
    const read = vi.spyOn(TextReader.prototype, 'tokens');
    const [first, second] = folders as [string, string];
    const long = texts.map((text) => `${text} ${text} ${text}`);
    const models = [
      { folder: first, maxLength: 32 },
      { folder: second, maxLength: 32 },
      { folder: second, maxLength: 6 },
    ];
    const ensemble = await Ensemble.open(of({ members: [{ weight: 1, models }] }), { threads: 1 });
    const { probabilities } = await ensemble.score(long);
    await ensemble.release();
    expect(read).toHaveBeenCalledTimes(2);
    read.mockRestore();
    const each = await Promise.all(
      models.map(({ folder, maxLength }) => predictTexts(folder, long, { maxLength, threads: 1 })),
    );
    expect(each[1]).not.toEqual(each[2]);
    probabilities.forEach((p, i) =>
      expect(p).toBeCloseTo((each[0]![i]! + each[1]![i]! + each[2]![i]!) / 3, 6),
    );
  });

  it('weighs its members', async () => {
    const [first, second] = folders.map((folder) => [{ folder, maxLength: 32 }]);
    const members = [
      { weight: 0.75, models: first! },
      { weight: 0.25, models: second! },
    ];
    const ensemble = await Ensemble.open(of({ members }), { threads: 1 });
    const { probabilities } = await ensemble.score(texts);
    await ensemble.release();
    const [a, b] = [await alone(folders[0]!, texts), await alone(folders[1]!, texts)];
    probabilities.forEach((p, i) => expect(p).toBeCloseTo(0.75 * a[i]! + 0.25 * b[i]!, 6));
  });

  it('answers calls that overlap one after the other', async () => {
    const ensemble = await Ensemble.open(of(), { threads: 1 });
    const parts = [texts.slice(0, 20), texts.slice(20, 21), texts.slice(21)];
    const together = await Promise.all(parts.map((part) => ensemble.score(part)));
    for (const [place, part] of parts.entries()) expect(together[place]).toEqual(await ensemble.score(part));
    await ensemble.release();
  });

  it('goes on after a call that was given up', async () => {
    const ensemble = await Ensemble.open(of(), { threads: 1 });
    await expect(ensemble.score(texts, { signal: AbortSignal.abort() })).rejects.toThrow();
    expect((await ensemble.score(texts.slice(0, 1))).decisions).toHaveLength(2);
    await ensemble.release();
  });

  it('is refused where a model has other labels', async () => {
    const opened = Ensemble.open(of({ labels: ['good'], thresholds: [0.5] }), { threads: 1 });
    await expect(opened).rejects.toThrow(InputFault);
    await expect(opened).rejects.toThrow(/has other labels.*2 labels/s);
  });
});
