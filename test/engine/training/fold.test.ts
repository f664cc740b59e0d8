import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { modelFiles } from '../../../engine/checkpoint/model-folder.js';
import { ModelChanged } from '../../../engine/checkpoint/pinned-files.js';
import { writeSafetensors } from '../../../engine/checkpoint/safetensors.js';
import { readSafetensorsMetadata } from '../../../engine/checkpoint/safetensors-metadata.js';
import { trainFold, TrainingStopped } from '../../../engine/training/fold.js';
import type { FoldCheckpoint, FoldJob, FoldMessage } from '../../../engine/training/job.js';
import { predictTexts } from '../../../engine/inference/predict.js';
import { bits, folder, interrupted, job, never, sha256, table, texts, useSmallFolds } from './small-fold.js';

useSmallFolds();

describe.each(['bert', 'deberta-v2'] as const)('a fold of a %s model from scratch', (type) => {
  it('learns, and its exported model scores the held-out rows as it did', async () => {
    const outcome = await trainFold(job(type), () => undefined, never);
    expect(outcome.rows).toEqual(table.folds.flatMap((fold, row) => (fold === 2 ? [row] : [])));
    expect(outcome.epochs.at(-1)?.trainLoss).toBeLessThan(outcome.epochs[0]?.trainLoss ?? 0);
    const probabilities = new Float32Array(new Uint8Array(readFileSync(outcome.probabilities)).buffer);
    const exported = join(folder, 'export', type);
    for (const [name, path] of Object.entries(outcome.model)) {
      mkdirSync(join(exported, name, '..'), { recursive: true });
      writeFileSync(join(exported, name), readFileSync(path));
    }
    const held = outcome.rows.map((row) => texts[row] as string);
    const scored = await predictTexts(exported, held, { maxLength: 32, threads: 2 });
    scored.forEach((p, i) => expect(Math.abs(p - (probabilities[i] as number))).toBeLessThan(1e-6));
  });

  it('ends with the same bits however often it was stopped, in the middle of an epoch and at its end', async () => {
    const whole = await trainFold(job(type), () => undefined, never);
    const { outcome } = await interrupted((changes) => job(type, changes), [3, 7, 8, 15]);
    expect(outcome.epochs).toEqual(whole.epochs);
    expect(bits(outcome)).toEqual(bits(whole));
  });
});

describe('a fold that is told to stop', () => {
  const started = (message: FoldMessage): boolean => message.type === 'started';
  /** A phase is told again while it goes on, the oftener the slower the machine. */
  const enters = (phase: string) => {
    let before = '';
    return (message: FoldMessage): boolean => {
      if (message.type !== 'phase') return false;
      const entered = message.phase === phase && before !== phase;
      before = message.phase;
      return entered;
    };
  };

  it.each([
    ['before its first step', started, 0],
    ['while the first step is compiled', enters('compiling'), 2],
    ['as a judgement begins', enters('judging'), 1],
    ['in the middle of the second judgement', enters('judging'), 2],
    ['as the export begins', enters('exporting'), 1],
  ])('%s leaves a checkpoint and ends with the same bits', async (_, when, nth) => {
    const whole = await trainFold(job('bert'), () => undefined, never);
    for (const late of [false, true]) {
      const stop = new AbortController();
      const messages: FoldMessage[] = [];
      let seen = 0;
      const listen = (message: FoldMessage): void => {
        messages.push(message);
        if (!when(message) || ++seen < nth) return;
        if (late) setImmediate(() => stop.abort());
        else stop.abort();
      };
      await expect(trainFold(job('bert'), listen, stop.signal)).rejects.toThrow(TrainingStopped);
      const [checkpoint, stopped] = messages
        .filter(({ type }) => ['checkpoint', 'stopped'].includes(type))
        .slice(-2);
      if (checkpoint?.type !== 'checkpoint' || stopped?.type !== 'stopped') throw new Error('no checkpoint');
      expect(stopped.step).toBe(checkpoint.checkpoint.step);
      const resume = [checkpoint.checkpoint];
      const outcome = await trainFold(job('bert', { resume }), () => undefined, never);
      expect(outcome.epochs).toEqual(whole.epochs);
      expect(bits(outcome)).toEqual(bits(whole));
    }
  });

  it('in a step gives the step up: its weights are those before it', async () => {
    const stop = new AbortController();
    let checkpoint: FoldCheckpoint | undefined;
    const listen = (message: FoldMessage): void => {
      if (message.type === 'step' && message.step === 5) setImmediate(() => stop.abort());
      if (message.type === 'checkpoint') ({ checkpoint } = message);
    };
    await expect(trainFold(job('bert'), listen, stop.signal)).rejects.toThrow(TrainingStopped);
    const resume = checkpoint === undefined ? [] : [checkpoint];
    expect(resume.map(({ step }) => step >= 5)).toEqual([true]);
    const outcome = await trainFold(job('bert', { resume }), () => undefined, never);
    expect(bits(outcome)).toEqual(bits(await trainFold(job('bert'), () => undefined, never)));
  });
});

describe('a fold of a checkpoint whose files are named by their hashes', () => {
  const model = join(folder, 'pinned');
  const pinned = (digests: Record<string, string>): FoldJob =>
    job('bert', { model: { checkpoint: model, digests, maxLength: 32 } });
  let digests: Record<string, string>;
  beforeAll(async () => {
    const outcome = await trainFold(job('bert'), () => undefined, never);
    mkdirSync(model);
    for (const name of ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']) {
      const path = outcome.model[name];
      if (path !== undefined) writeFileSync(join(model, name), readFileSync(path));
    }
    const names = await modelFiles(model);
    digests = Object.fromEntries(names.map((name) => [name, sha256(join(model, name))]));
  });

  it('is trained from them', async () => {
    expect((await trainFold(pinned(digests), () => undefined, never)).bestEpoch).toBeGreaterThan(0);
  });

  it('is not trained from others', async () => {
    const others = { ...digests, 'model.safetensors': '0'.repeat(64) };
    await expect(trainFold(pinned(others), () => undefined, never)).rejects.toThrow(ModelChanged);
  });

  it('has no outcome where one was changed while it trained', async () => {
    const config = readFileSync(join(model, 'config.json'));
    const change = (message: FoldMessage): void => {
      if (message.type === 'epoch') writeFileSync(join(model, 'config.json'), config);
    };
    await expect(trainFold(pinned(digests), change, never)).rejects.toThrow(/changed while the fold/);
  });
});

describe('a damaged checkpoint', () => {
  it.each([
    ['truncated', (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 1000))],
    ['with one bit flipped', (path: string) => flip(path)],
    ['with bytes behind its end', (path: string) => appendFileSync(path, 'x')],
    ['that is gone', (path: string) => rmSync(path)],
  ])('%s is passed over with a warning, and the one before it gives the same bits', async (_, damage) => {
    const whole = await trainFold(job('bert'), () => undefined, never);
    const { resume } = await interrupted((changes) => job('bert', changes), [4, 10]);
    damage(resume[0]?.state.path as string);
    const outcome = await trainFold(job('bert', { resume }), () => undefined, never);
    expect(outcome.warnings.join()).toMatch(/checkpoint of step \d+ is not used: .*damaged/);
    expect(bits(outcome)).toEqual(bits(whole));
  });

  it('whose history cannot be read is passed over with a warning', async () => {
    const { resume } = await interrupted((changes) => job('bert', changes), [4, 10]);
    const [newest, older] = resume as [FoldCheckpoint, FoldCheckpoint];
    const { path } = newest.state;
    const position = JSON.parse((await readSafetensorsMetadata(path))['position'] ?? '') as {
      history: unknown[];
    };
    position.history = [{ epoch: 1, trainLoss: 1, valLoss: NaN, macroF1: 0 }];
    const state = { path, ...(await writeSafetensors(path, [], { position: JSON.stringify(position) })) };
    const changed = job('bert', { resume: [{ ...newest, state }, older] });
    const outcome = await trainFold(changed, () => undefined, never);
    expect(outcome.warnings.join()).toMatch(/checkpoint of step \d+ is not used: .*where its fold stood/);
    expect(bits(outcome)).toEqual(bits(await trainFold(job('bert'), () => undefined, never)));
  });

  it('of another number of threads is not resumed, and the fold says so', async () => {
    const { resume } = await interrupted((changes) => job('bert', changes), [4]);
    const outcome = await trainFold(job('bert', { resume, threads: 2 }), () => undefined, never);
    expect(outcome.warnings.join()).toMatch(/another engine, device or number of threads/);
    expect(bits(outcome)).toEqual(bits(await trainFold(job('bert', { threads: 2 }), () => undefined, never)));
  });
});

describe('a model that cannot learn', () => {
  it('diverges with a clear message at an absurd learning rate', async () => {
    const training = { ...job('bert').training, learningRate: 1e30, warmupRatio: 0 };
    await expect(trainFold(job('bert', { training }), () => undefined, never)).rejects.toThrow(
      /diverged|collapsed/,
    );
  });
});

function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length - 5] = (bytes[bytes.length - 5] as number) ^ 1;
  writeFileSync(path, bytes);
  expect(existsSync(path)).toBe(true);
}
