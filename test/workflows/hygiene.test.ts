import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readResultFile } from '../../activities/result-file.js';
import type { ModelSource } from '../../activities/services.js';
import { InputFault } from '../../errors/fault.js';
import type { RunResult } from '../../report/run-result.js';
import { seeded } from '../metrics/cases.js';
import { Bench, labels, server, startEnvironment, without } from './bench.js';
import { fakeModels, FakeTrainer, type FakeTrainerOptions } from './fake-trainer.js';

/** Fairly sure of the truth, but for the first row, whose labels it does not believe. */
const predict: FakeTrainerOptions['predict'] = (truth, entry) => {
  if (entry < labels.length) return truth === 1 ? 0.01 : 0.99;
  return 0.1 + 0.8 * truth + 0.05 * seeded(entry)();
};

describe.skipIf(server === null)(`what is told of tables and labels${without}`, () => {
  let environment: TestWorkflowEnvironment;
  let bench: Bench;
  beforeAll(async () => {
    environment = await startEnvironment();
  });
  afterEach(() => bench.dispose());
  afterAll(() => environment?.teardown());

  const folderOf = (run: string): string => join(bench.folder, 'runs', run);
  const resultOf = async (run: string): Promise<RunResult> =>
    (await readResultFile(join(folderOf(run), 'result.json')))!;
  const gated = (gates: object): { pipeline: Record<string, unknown> } => ({
    pipeline: bench.pipeline({
      data: { train: join(bench.folder, 'train.csv'), test: join(bench.folder, 'test.csv'), gates },
    }),
  });
  const failureOf = async (run: Promise<unknown>): Promise<string> => {
    const error = await run.then(
      () => new Error('it completed'),
      (failure: unknown) => failure as Error,
    );
    return String(error.cause instanceof Error ? error.cause.message : error.message);
  };

  it('stands in the result, beside a table of the labels in doubt', async () => {
    bench = new Bench(environment, new FakeTrainer({ predict }));
    await bench.work();
    await bench.complete({ run: 'told' });
    const { facts, labelIssues, warnings } = await resultOf('told');
    expect(facts).toMatchObject({
      train: { rows: 30, empty: 0 },
      test: { rows: 2 },
      labels: { positives: { joy: 15, fear: 10 } },
      repeated: { duplicates: { rows: 0 }, leaks: { rows: 0 } },
      // `text 1`, framed: no model is told apart here, and every word with a digit is unknown.
      tokens: [{ model: 'bert from scratch', longest: 128, train: { texts: 30, cut: 0, unknown: 30 } }],
    });
    expect(warnings.filter((each) => each.includes('vocabulary'))).toEqual([
      "30 of 60 (50 %) tokens of the training texts are not in the model's vocabulary: is it made for their language?",
    ]);
    expect(labelIssues).toMatchObject({ rows: 1, perLabel: { joy: 1, fear: 1 }, unskilled: [] });
    const [header, ...lines] = readFileSync(join(folderOf('told'), 'label-issues.csv'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','));
    expect(header).toEqual(['row', 'id', 'label', 'given', 'probability', 'score']);
    expect(lines.map((cells) => cells.slice(0, 4))).toEqual([
      ['1', 'r0', 'joy', '0'],
      ['1', 'r0', 'fear', '1'],
    ]);
  });

  it('asks nothing of tables that pass their gates, and then every fold is reused', async () => {
    bench = new Bench(environment, new FakeTrainer({ predict }));
    await bench.work();
    await bench.complete({ run: 'before' });
    const gates = { duplicates: 0, leaks: 0, cut: 0, unknownTokens: 0.6 };
    const { reused } = await bench.complete({ run: 'gated', ...gated(gates) });
    // The tables were looked at anew, and their rows are the same.
    expect(reused).toEqual(['fold', 'oof', 'thresholds', 'submission']);
    const again = await bench.complete({ run: 'again', ...gated(gates) });
    expect(again.reused).toEqual(['data', 'fold', 'oof', 'thresholds', 'submission']);
    expect((await resultOf('gated')).facts).toEqual((await resultOf('before')).facts);
  });

  it('fails a run before anything is trained, where a gate is not passed', async () => {
    bench = new Bench(environment, new FakeTrainer({ predict }));
    const train = join(bench.folder, 'train.csv');
    writeFileSync(train, `${readFileSync(train, 'utf8')}r30,TEXT 1,0,0\n`);
    await bench.work();
    expect(await failureOf(bench.complete({ run: 'doubled', ...gated({ duplicates: 0.01 }) }))).toMatch(
      /data\.gates: the tables do not pass a gate\nduplicates: 1 of 31 \(3\.23 %\) .*: rows 2, 31; at most 1 %/,
    );
    expect(await failureOf(bench.complete({ run: 'unknown', ...gated({ unknownTokens: 0.2 }) }))).toMatch(
      /unknownTokens: 31 of 62 \(50 %\) tokens of the training table/,
    );
    expect(bench.trainer.jobs).toEqual([]);
  });

  it('does without the tokens where they cannot be counted, and says so', async () => {
    bench = new Bench(environment, new FakeTrainer({ predict }));
    const models: ModelSource = {
      ...fakeModels,
      countTokens: () => Promise.reject(new InputFault({ where: 'a tokenizer', what: 'it is broken' })),
    };
    await bench.work({ models });
    await bench.complete({ run: 'broken' });
    const { facts, warnings } = await resultOf('broken');
    expect(facts).not.toHaveProperty('tokens');
    expect(warnings).toContain('The tokens of the texts could not be counted: a tokenizer: it is broken');
    expect(existsSync(join(folderOf('broken'), 'report.html'))).toBe(true);
  });
});
