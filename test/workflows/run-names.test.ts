import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AcceptedRuns } from '../../activities/admission.js';
import { Bench, server, startEnvironment, without } from './bench.js';

describe.skipIf(server === null)(`a run whose name is there already${without}`, () => {
  let environment: TestWorkflowEnvironment;
  let bench: Bench;
  beforeAll(async () => {
    environment = await startEnvironment();
  });
  afterEach(() => bench.dispose());
  afterAll(() => environment?.teardown());

  const resultOf = (run: string): string =>
    readFileSync(join(bench.folder, 'runs', run, 'result.json'), 'utf8');
  const refused = {
    cause: { type: 'InputFault', message: expect.stringMatching(/another run of that name/) as string },
  };

  it('is refused when a table has changed, and the results stay those of the first', async () => {
    bench = new Bench(environment);
    await bench.work();
    await bench.complete({ run: 'nightly' });
    const before = resultOf('nightly');
    const rows = readFileSync(join(bench.folder, 'train.csv'), 'utf8').trimEnd().split('\n');
    writeFileSync(join(bench.folder, 'train.csv'), `${rows.slice(0, -3).join('\n')}\n`);
    await expect(bench.complete({ run: 'nightly' })).rejects.toMatchObject(refused);
    expect(resultOf('nightly')).toBe(before);
    expect(JSON.parse(before)).toMatchObject({ rows: { train: 30 } });
  });

  it('is refused for another pipeline', async () => {
    bench = new Bench(environment);
    await bench.work();
    await bench.complete({ run: 'nightly' });
    const before = resultOf('nightly');
    await expect(
      bench.complete({ run: 'nightly', pipeline: bench.pipeline({ name: 'other' }) }),
    ).rejects.toMatchObject(refused);
    expect(resultOf('nightly')).toBe(before);
  });

  it('reports what it read, and a fresh one trains, also where its folder was removed between', async () => {
    bench = new Bench(environment);
    await bench.work();
    await bench.complete({ run: 'nightly', fresh: true });
    expect(bench.trainer.jobs).toHaveLength(3);
    rmSync(join(bench.folder, 'runs', 'nightly'), { recursive: true });
    const rows = readFileSync(join(bench.folder, 'train.csv'), 'utf8').trimEnd().split('\n');
    writeFileSync(join(bench.folder, 'train.csv'), `${rows.slice(0, -3).join('\n')}\n`);
    const second = await bench.complete({ run: 'nightly' });
    expect(second.reused).not.toContain('report');
    expect(JSON.parse(resultOf('nightly'))).toMatchObject({ rows: { train: 27 } });
    rmSync(join(bench.folder, 'runs', 'nightly'), { recursive: true });
    const third = await bench.complete({ run: 'nightly', fresh: true });
    expect(third.reused).toEqual([]);
    expect(bench.trainer.jobs).toHaveLength(9);
  });

  it('is of no use where the worker works for other runs', async () => {
    bench = new Bench(environment);
    await bench.work({ accepts: new AcceptedRuns() });
    await expect(bench.complete()).rejects.toMatchObject({
      cause: { type: 'InputFault', message: expect.stringMatching(/works for the run alone/) as string },
    });
  });
});
