import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readResultFile } from '../../activities/result-file.js';
import { drawRows } from '../../activities/tables/score-table.js';
import { readOutOfFold } from '../../cli/runs/out-of-fold.js';
import { unlearnt } from '../../metrics/nested.js';
import type { RunResult } from '../../report/run-result.js';
import { taskWith } from '../../tasks/index.js';
import type { ThresholdSearch } from '../../tasks/thresholds.js';
import { seeded } from '../metrics/cases.js';
import { Bench, labels, server, startEnvironment, without } from './bench.js';
import { FakeTrainer, type FakeTrainerOptions } from './fake-trainer.js';

const predict: FakeTrainerOptions['predict'] = (truth, entry) => 0.2 + 0.3 * truth + 0.4 * seeded(entry)();

describe.skipIf(server === null)(`the thresholds of a run${without}`, () => {
  let environment: TestWorkflowEnvironment;
  let bench: Bench;
  beforeAll(async () => {
    environment = await startEnvironment();
  });
  afterEach(() => bench.dispose());
  afterAll(() => environment?.teardown());

  const folderOf = (run: string): string => join(bench.folder, 'runs', run);

  /** What the task says of the predictions that the run wrote. */
  async function expected(run: string, result: RunResult, search: ThresholdSearch) {
    const { labels: truth, probabilities } = await readOutOfFold(folderOf(run), result);
    const [header = '', ...lines] = readFileSync(join(folderOf(run), 'oof.csv'), 'utf8')
      .trimEnd()
      .split('\n');
    const place = header.split(',').indexOf('fold');
    const folds = Int32Array.from(lines, (line) => Number(line.split(',')[place]));
    const task = taskWith('multi-label', { thresholds: search });
    return task.scoreOutOfFold(unlearnt(probabilities), truth, folds, labels.length, drawRows);
  }

  it('are those of the grid, or exact where the pipeline says so, with an assessment of either', async () => {
    bench = new Bench(environment, new FakeTrainer({ predict }));
    await bench.work();
    await bench.complete({ run: 'grid' });
    const { reused } = await bench.complete({
      run: 'exact',
      pipeline: bench.pipeline({ thresholds: 'exact' }),
    });
    expect(reused).toEqual(['data', 'fold', 'oof']);
    for (const search of ['grid', 'exact'] as const) {
      const result = (await readResultFile(join(folderOf(search), 'result.json')))!;
      const { thresholds, macroF1, perLabel, assessment } = await expected(search, result, {
        method: search,
      });
      expect(Object.values(result.thresholds)).toEqual(thresholds);
      expect(result.macroF1).toEqual(macroF1);
      expect(Object.values(result.perLabel)).toEqual(perLabel);
      expect(result.assessment?.averages).toEqual(assessment!.averages);
      expect(result.assessment?.macro).toEqual(assessment!.macro);
      expect(Object.values(result.assessment!.perLabel)).toEqual(assessment!.perLabel);
      expect(readFileSync(join(folderOf(search), 'report.html'), 'utf8')).toContain('With 95 % confidence');
    }
  });

  it('reach what they are to reach, and the result says what that was', async () => {
    bench = new Bench(environment, new FakeTrainer({ predict }));
    await bench.work();
    const [first, ...others] = labels;
    const thresholds = {
      method: 'exact',
      objective: { precision: 0.9 },
      byLabel: { [first!]: { cost: { falsePositive: 1, falseNegative: 4 } } },
    };
    await bench.complete({ run: 'sought', pipeline: bench.pipeline({ thresholds }) });
    const result = (await readResultFile(join(folderOf('sought'), 'result.json')))!;
    const objectives = [thresholds.byLabel[first!]!, ...others.map(() => thresholds.objective)];
    const scores = await expected('sought', result, { method: 'exact', objectives });
    expect(Object.values(result.thresholds)).toEqual(scores.thresholds);
    expect(result.objectives!.macro).toBe(null);
    expect(Object.values(result.objectives!.perLabel)).toEqual(scores.objectives!.perLabel);
    expect(readFileSync(join(folderOf('sought'), 'report.html'), 'utf8')).toContain(
      'recall, with precision at least 0.9',
    );
  });
});
