import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readResultFile } from '../../activities/result-file.js';
import { InputFault } from '../../errors/fault.js';
import { seeded } from '../metrics/cases.js';
import { Bench, labels, progressWhen, server, startEnvironment, update, without } from './bench.js';
import { FakeTrainer, type FakeTrainerOptions } from './fake-trainer.js';

/** Other probabilities of every fold, in steps that float32 holds. */
const predict: NonNullable<FakeTrainerOptions['predict']> = (truth, entry, { fold }) =>
  Math.fround(0.2 + 0.3 * truth + 0.4 * seeded(1000 * entry + fold)());

const rowCount = 30;

describe.skipIf(server === null)(`the split of a run${without}`, () => {
  let environment: TestWorkflowEnvironment;
  let bench: Bench;
  beforeAll(async () => {
    environment = await startEnvironment();
  });
  afterEach(() => bench.dispose());
  afterAll(() => environment?.teardown());

  /** A table with an author of every row, a given fold, and texts of which some are the same. */
  async function working(options: FakeTrainerOptions = { predict }): Promise<void> {
    bench = new Bench(environment, new FakeTrainer(options));
    const header = `id,text,${labels.join(',')},author,part\n`;
    const rows = Array.from({ length: rowCount }, (_, row) => {
      const values = [
        `r${row}`,
        row % 10 === 7 ? ' A Seventh ' : `text ${row}`,
        row % 2,
        Number(row % 3 === 0),
      ];
      return [...values, `author ${row % 8}`, `part ${'cab'[row % 3]}`].join(',');
    });
    writeFileSync(join(bench.folder, 'train.csv'), `${header}${rows.join('\n')}\n`);
    await bench.work();
  }

  const folderOf = (run: string): string => join(bench.folder, 'runs', run);
  const resultOf = async (run: string) => (await readResultFile(join(folderOf(run), 'result.json')))!;
  const pageOf = (run: string): string => readFileSync(join(folderOf(run), 'report.html'), 'utf8');

  function outOfFold(run: string): { fold: number; probabilities: string[] }[] {
    const lines = readFileSync(join(folderOf(run), 'oof.csv'), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1);
    return lines.map((line) => {
      const [, fold, , , ...probabilities] = line.split(',');
      return { fold: Number(fold), probabilities };
    });
  }

  it('keeps groups and rows with the same text in one fold, and says so', async () => {
    await working();
    const folds = { count: 3, strategy: 'stratified-group', group: 'author', together: 'duplicates' };
    await bench.complete({ run: 'grouped', pipeline: bench.pipeline({ folds }) });
    const foldOf = new Map<string, number>();
    outOfFold('grouped').forEach(({ fold }, row) => {
      for (const group of [`author ${row % 8}`, row % 10 === 7 ? 'the text' : `row ${row}`]) {
        expect(foldOf.get(group) ?? fold).toBe(fold);
        foldOf.set(group, fold);
      }
    });
    const groups = readFileSync(join(folderOf('grouped'), 'groups.csv'), 'utf8')
      .trimEnd()
      .split('\n');
    expect(groups[0]).toBe('row,group');
    expect(groups).toHaveLength(1 + rowCount);
    expect(new Set(groups.slice(1).map((line) => line.split(',')[1])).size).toBe(6);
    // Rows 7, 17 and 27 have one text, and so the authors 7, 1 and 3 are one group.
    const result = await resultOf('grouped');
    expect(result.split).toEqual({ groups: 6, rowsTogether: 3 });
    expect(pageOf('grouped')).toContain('groups by the column &quot;author&quot;');
    expect(result.rowsWithoutOof).toBe(0);
  });

  it('takes the folds of a column, and intervals by groups beside it', async () => {
    await working();
    const folds = { count: 3, column: 'part', group: 'author' };
    await bench.complete({ run: 'given', pipeline: bench.pipeline({ folds }) });
    expect(outOfFold('given').map(({ fold }) => fold)).toEqual(
      Array.from({ length: rowCount }, (_, row) => [3, 1, 2][row % 3]),
    );
    const { warnings, split } = await resultOf('given');
    expect(split).toEqual({ groups: 8, rowsTogether: null });
    expect(warnings).toEqual(expect.arrayContaining([expect.stringMatching(/^8 of 8 groups have rows in/)]));
  });

  it('fails at once where the column has another number of folds', async () => {
    await working();
    const failure: unknown = await bench
      .complete({ pipeline: bench.pipeline({ folds: { count: 4, column: 'part' } }) })
      .catch((error: unknown) => error);
    expect((failure as Error).cause).toMatchObject({
      message: expect.stringMatching(/found 3; expected 4.*folds\.count: 3/) as string,
    });
  });

  it('may be repeated: each row’s probability is the mean, and the folds of before are reused', async () => {
    await working();
    await bench.complete({ run: 'once', pipeline: bench.pipeline() });
    expect(bench.trainer.jobs).toHaveLength(3);
    const folds = { count: 3, repeats: 3 };
    await bench.complete({ run: 'thrice', pipeline: bench.pipeline({ folds }) });
    const again = bench.trainer.jobs.slice(3);
    expect(again.map(({ fold }) => fold).toSorted()).toEqual([4, 5, 6, 7, 8, 9]);
    expect(new Set(again.map(({ repeated }) => `${repeated?.repeat} ${repeated?.fold}`))).toEqual(
      new Set(['2 1', '2 2', '2 3', '3 1', '3 2', '3 3']),
    );
    const [once, thrice] = [outOfFold('once'), outOfFold('thrice')];
    // The folds that are told, and by which thresholds are cross-fitted, are the first split's.
    expect(thrice.map(({ fold }) => fold)).toEqual(once.map(({ fold }) => fold));
    thrice.forEach(({ fold: first, probabilities }, row) => {
      probabilities.forEach((told, label) => {
        const truth = label === 0 ? row % 2 : Number(row % 3 === 0);
        const by = (fold: number): number => predict(truth, row * 2 + label, { ...again[0]!, fold });
        const means = [4, 5, 6].flatMap((second) =>
          [7, 8, 9].map((third) => (by(first) + by(second) + by(third)) / 3),
        );
        expect(Math.min(...means.map((mean) => Math.abs(mean - Number(told))))).toBeLessThan(1e-6);
      });
    });
    const result = await resultOf('thrice');
    expect(result.folds).toHaveLength(9);
    expect(pageOf('thrice')).toContain('3 × 3 folds, stratified, seed 42');
  });

  it('of repeats goes on without a fold that was skipped, by the others', async () => {
    const broken = new InputFault({ where: 'fold 5', what: 'the model does not fit' });
    const failing = { predict, fail: ({ fold }: { fold: number }) => (fold === 5 ? broken : undefined) };
    await working(failing);
    const handle = await bench.start({
      run: 'skipped',
      pipeline: bench.pipeline({ folds: { count: 3, repeats: 2 } }),
    });
    await progressWhen(handle, ({ waitingFor }) => waitingFor === 'retry or skip of fold-5');
    await update(handle, 'retry', { step: 'fold', cell: '5' });
    await progressWhen(
      handle,
      ({ state, steps }) => state === 'waiting' && steps[1]?.cells[4]?.activityId === 'fold-5-retry-1',
    );
    await update(handle, 'skip', { step: 'fold', cell: '5' });
    expect(await handle.result()).toMatchObject({ skippedFolds: [5] });
    expect(await resultOf('skipped')).toMatchObject({ skippedFolds: [5], rowsWithoutOof: 0 });
  });
});
