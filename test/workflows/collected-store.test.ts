import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { existsSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputFault } from '../../errors/fault.js';
import { run } from '../cli/capture.js';
import { Bench, progressWhen, server, startEnvironment, update, without } from './bench.js';
import { FakeTrainer } from './fake-trainer.js';

const day = 24 * 3_600;

interface Found {
  readonly open: { readonly names: readonly string[]; readonly since: string | null } | null;
  readonly objects: number;
  readonly forgotten: readonly string[];
}

describe.skipIf(server === null)(`runs whose store is collected${without}`, { timeout: 120_000 }, () => {
  let environment: TestWorkflowEnvironment;
  let bench: Bench;
  let isBroken = false;
  const trainer = new FakeTrainer({
    fail: ({ fold }) =>
      isBroken && fold === 2 ? new InputFault({ where: 'fold 2', what: 'it is broken' }) : undefined,
  });
  const address = process.env['TEMPORAL_ADDRESS'];
  beforeAll(async () => {
    environment = await startEnvironment();
    process.env['TEMPORAL_ADDRESS'] = environment.address;
    bench = new Bench(environment, trainer);
    await bench.work();
  }, 60_000);
  afterAll(async () => {
    if (address === undefined) delete process.env['TEMPORAL_ADDRESS'];
    else process.env['TEMPORAL_ADDRESS'] = address;
    await bench?.dispose();
    await environment?.teardown();
  });

  const age = (days: number): void => {
    const folder = join(bench.folder, '.foldwise');
    const then = Date.now() / 1000 - days * day;
    for (const path of readdirSync(folder, { recursive: true }).map(String)) {
      const file = join(folder, path);
      if (existsSync(file) && statSync(file).isFile()) utimesSync(file, then, then);
    }
  };
  const collect = async (): Promise<Found> => {
    const options = ['--delete', '--keep-days', '30', '--json', '--workdir', bench.folder];
    return JSON.parse((await run('store', 'gc', ...options)).out) as Found;
  };

  it('reuse what is kept, train anew what is not, and go on where they are open', async () => {
    await bench.complete({ run: 'first' });
    age(40);
    // The last that has a result is kept: what goes is what its workflow alone referred to.
    expect((await collect()).forgotten).toEqual([]);
    const again = await bench.complete({ run: 'second' });
    expect(again.reused).toContain('fold');
    expect(trainer.jobs).toHaveLength(3);

    // Nobody knows of a result any more.
    for (const name of ['first', 'second']) rmSync(join(bench.folder, 'runs', name), { recursive: true });
    age(40);
    isBroken = true;
    const other = { ...(bench.pipeline() as object), training: { epochs: 2 } };
    const open = await bench.start({ run: 'third', pipeline: other });
    await progressWhen(open, ({ state }) => state === 'waiting');
    const found = await collect();
    expect(found.open?.names).toContain('third');
    expect(found.forgotten).toEqual(['first', 'second']);
    expect(found.objects).toBeGreaterThan(3);
    isBroken = false;
    await update(open, 'retry', { step: 'fold', cell: '2' });
    await open.result();
    expect(trainer.jobs).toHaveLength(3 + 4);

    const anew = await bench.complete({ run: 'fourth' });
    expect(anew.reused).not.toContain('fold');
    expect(trainer.jobs).toHaveLength(3 + 4 + 3);
  });
});
