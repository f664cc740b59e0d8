import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { makeTable } from '../../bench/tables/made-table.js';
import { openTestTable } from '../../data/prepared-table.js';
import type { PrepareRequest } from '../../data/dataset.js';
import { ProcessCrashed } from '../../worker/child-process.js';
import { WorkGivenUp } from '../../worker/request-process.js';
import { TablesProcess } from '../../worker/tables-process.js';

/** The child is plain Node, so its script comes from the build. */
const script = join(process.cwd(), 'dist/worker/tables-child.js');
const built = existsSync(script);
const without = built ? '' : ' (skipped: `npm run build` has not been run)';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-tables-process-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const train = join(folder, 'train.csv');

const request = (changes: Partial<PrepareRequest> = {}): PrepareRequest => ({
  train,
  test: train,
  text: ['text'],
  id: 'id',
  labels: ['joy', 'fear'],
  folds: { count: 2, strategy: 'stratified', seed: 42 },
  output: {
    table: join(folder, 'table'),
    trainIds: join(folder, 'ids'),
    test: join(folder, 'test'),
    groups: join(folder, 'groups'),
    repeats: join(folder, 'repeats'),
  },
  ...changes,
});
const never = new AbortController().signal;

/** Processes that run the child's script on this folder's behalf: those of this process alone. */
function children(): string[] {
  const out = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' });
  return out.split('\n').filter((line) => line.includes('tables-child'));
}

describe.skipIf(!built)(`tables in a process of their own${without}`, { timeout: 120_000 }, () => {
  it('are prepared, and the files are there', async () => {
    writeFileSync(train, 'id,text,joy,fear\na,one,1,0\nb,two,0,1\nc,three,1,0\nd,four,0,1\n');
    const prepared = await new TablesProcess(script).run('prepare', request(), never);
    expect(prepared).toMatchObject({
      rows: { train: 4, test: 4 },
      facts: { repeated: { duplicates: { rows: 0 }, leaks: { rows: 4 } } },
    });
    const table = openTestTable(join(folder, 'test'));
    expect(table.texts.range(0, 4)).toEqual(['one', 'two', 'three', 'four']);
    table.close();
  });

  it('give the fault that was raised there, word for word', async () => {
    writeFileSync(train, 'id,text,joy,fear\na,PRIVATE,yes,0\n');
    const failing = new TablesProcess(script).run('prepare', request(), never);
    await expect(failing).rejects.toMatchObject({
      name: 'TableFault',
      retryable: false,
      details: {
        where: `${train}, row 1 (line 2), column "joy"`,
        what: 'a label is not 0 or 1',
        expected: '0 or 1',
        found: 'a word for true or false',
        remedy: 'Every training row needs each of its labels as 0 or 1, written so.',
      },
    });
  });

  it('are given up at once when that is asked for', async () => {
    const columns = { labels: ['joy', 'fear', 'sadness'] };
    await makeTable(train, { rows: 60_000, words: [20, 200], ...columns });
    const stop = new AbortController();
    const working = new TablesProcess(script).run('prepare', request(columns), stop.signal);
    const ended = expect(working).rejects.toThrow(WorkGivenUp);
    await delay(300);
    stop.abort();
    await ended;
    expect(children()).toEqual([]);
  });

  it('are retried where the process crashed', async () => {
    const crashing = join(folder, 'crashing.mjs');
    writeFileSync(crashing, 'process.on("message", () => process.exit(3));\n');
    const working = new TablesProcess(crashing).run('prepare', request(), never);
    await expect(working).rejects.toThrow(ProcessCrashed);
    await expect(working).rejects.toMatchObject({ retryable: true });
  });
});
