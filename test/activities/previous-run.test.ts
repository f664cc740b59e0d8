import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { previousRun } from '../../activities/previous-run.js';
import type { RunServices } from '../../activities/run-directory.js';
import { change } from '../../report/notation.js';
import { sampleReport } from '../report/sample.js';
import { stateElsewhere } from '../store/elsewhere.js';
import { MemoryObjects } from '../store/memory-objects.js';

let runs: string;
beforeEach(() => (runs = mkdtempSync(join(tmpdir(), 'foldwise-runs-'))));
afterEach(() => rmSync(runs, { recursive: true, force: true }));

const scores = (value: number) => ({ atHalf: value, tuned: value + 0.05, crossFitted: value + 0.03 });

const resultOf = (run: string, pipeline: string, value: number): object =>
  sampleReport({ rows: 1 }, { run, pipeline, macroF1: scores(value) }).result;

function finished(run: string, pipeline: string, value: number, at: number): void {
  mkdirSync(join(runs, run));
  const path = join(runs, run, 'result.json');
  writeFileSync(path, JSON.stringify(resultOf(run, pipeline, value)));
  utimesSync(path, at, at);
}

const here = (runsDirectory: string): RunServices => ({
  ...stateElsewhere(runs, new MemoryObjects()),
  results: null,
  runsDirectory,
});

describe('the run before', () => {
  const now = { run: 'now', pipeline: 'emotions', macroF1: scores(0.7) };

  it('is the latest other one of the same pipeline, with how far the scores moved', async () => {
    finished('older', 'emotions', 0.2, 1000);
    finished('latest', 'emotions', 0.6, 2000);
    finished('another', 'toxicity', 0.1, 3000);
    finished('now', 'emotions', 0.7, 4000);
    const previous = await previousRun(here(runs), now);
    expect(previous?.run).toBe('latest');
    expect(previous?.change.crossFitted).toBeCloseTo(0.1, 12);
    expect(previous?.change.atHalf).toBeCloseTo(0.1, 12);
  });

  it('is none for a first run, and an unreadable result is passed over', async () => {
    mkdirSync(join(runs, 'broken'));
    writeFileSync(join(runs, 'broken', 'result.json'), '{"run": ');
    mkdirSync(join(runs, 'strange'));
    writeFileSync(join(runs, 'strange', 'result.json'), '{"run": "strange", "pipeline": "emotions"}');
    mkdirSync(join(runs, 'unfinished'));
    expect(await previousRun(here(runs), now)).toBeNull();
    expect(await previousRun(here(join(runs, 'absent')), now)).toBeNull();
  });

  it('is found where another host made it, and an unreadable result is passed over', async () => {
    const state = stateElsewhere(runs, new MemoryObjects());
    const results: [run: string, text: string][] = [
      ['broken', '{"run": '],
      ['earlier', JSON.stringify(resultOf('earlier', 'emotions', 0.6))],
      ['another', JSON.stringify(resultOf('another', 'toxicity', 0.1))],
    ];
    for (const [run, text] of results) {
      const owner = { workflowId: run, runId: run };
      await state.results!.runs.claim(run, owner);
      await state.results!.runs.add(run, { 'result.json': await state.store.putBytes(Buffer.from(text)) });
    }
    expect(await previousRun(state, now)).toMatchObject({ run: 'earlier' });
  });
});

describe('a change of score', () => {
  it.each([
    [0.0123, '+0.012'],
    [-0.2, '−0.200'],
    [0.0001, '±0.000'],
    [NaN, '–'],
  ])('%d is written %s', (value, text) => expect(change(value)).toBe(text));
});
