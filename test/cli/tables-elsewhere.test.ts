import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { S3Server } from '../../bench/s3/s3-server.js';
import { connectS3 } from '../../store/s3/client.js';
import { canRun, foldwise, withoutRuns, type Ended } from './built-command-line.js';
import { run } from './capture.js';
import { SmallProject } from './small-project.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-tables-elsewhere-'));
const server = await S3Server.start('versitygw', join(folder, 'server')).catch((error: Error) => error);
const without = server instanceof Error ? ` (skipped: ${server.message})` : withoutRuns;
const possible = canRun && server instanceof S3Server;

/** What `run --json` prints, as far as it is looked at. */
interface Outcome {
  readonly run: string;
  readonly reused: readonly string[];
}

describe.skipIf(!possible)(`tables in S3 and in the store${without}`, { timeout: 300_000 }, () => {
  const running = server as S3Server;
  const tables = { train: 's3://data-sets/small set/train.csv', test: 's3://data-sets/small set/test.csv' };
  let project: SmallProject;
  let environment: NodeJS.ProcessEnv;
  let local: Outcome;

  const at = (workdir: string): string => join(project.folder, workdir);
  const command = (workdir: string, ...args: string[]): Promise<Ended> =>
    foldwise([...args, '--workdir', at(workdir)], environment);
  const sets = (train: string, test: string): string[] => [
    '--set',
    `data.train=${train}`,
    '--set',
    `data.test=${test}`,
  ];
  const outcome = ({ code, out, err }: Ended): Outcome => {
    expect([code, err]).toEqual([0, expect.anything()]);
    return JSON.parse(out) as Outcome;
  };
  const file = (workdir: string, run: string, name: string): string =>
    readFileSync(join(at(workdir), 'runs', run, name), 'utf8');

  beforeAll(async () => {
    project = new SmallProject();
    environment = { ...running.environment, FOLDWISE_STORE: 's3://team-store/reviews' };
    for (const bucket of ['team-store', 'data-sets']) await running.makeBucket(bucket);
    const { sdk, client } = await connectS3('a test', running.settings);
    for (const name of ['train', 'test']) {
      const Body = readFileSync(join(project.folder, `${name}.csv`));
      await client.send(
        new sdk.PutObjectCommand({ Bucket: 'data-sets', Key: `small set/${name}.csv`, Body }),
      );
    }
    client.destroy();
    local = outcome(await command('local', 'run', project.pipeline, '--json'));
    expect(local.reused).toEqual([]);
  }, 300_000);
  afterAll(async () => {
    await running.kill();
    rmSync(folder, { recursive: true, force: true });
    rmSync(project.folder, { recursive: true, force: true });
  });

  it('are looked at by plan, which finds what a run of the same bytes has done', async () => {
    const args = [project.pipeline, ...sets(tables.train, tables.test), '--json'];
    const plan = JSON.parse((await command('plan', 'plan', ...args)).out) as {
      rows: object;
      reuse: { step: string; reused: number }[];
    };
    expect(plan.rows).toEqual({ train: 40, test: 2 });
    expect(plan.reuse.find(({ step }) => step === 'fold')).toMatchObject({ reused: 2 });
  });

  it('give the keys and the bytes of files, in a run whose results any machine has', async () => {
    const inS3 = outcome(
      await command('in-s3', 'run', project.pipeline, ...sets(tables.train, tables.test), '--json'),
    );
    expect(inS3.reused).toEqual(expect.arrayContaining(['data', 'fold', 'oof', 'submission']));
    for (const name of ['oof.csv', 'submission.csv'])
      expect(file('in-s3', inS3.run, name)).toBe(file('local', local.run, name));

    const report = await command('elsewhere', 'report', inS3.run);
    expect([report.code, report.err]).toEqual([0, '']);
    expect(file('elsewhere', inS3.run, 'report.html')).not.toContain('data-sets');
    const compared = await command('elsewhere', 'compare', local.run, inS3.run);
    expect([compared.code, compared.err]).toEqual([0, '']);
    const predictions = join(at('elsewhere'), 'predicted.csv');
    const predicted = await command('elsewhere', 'predict', inS3.run, tables.test, '--output', predictions);
    expect([predicted.code, predicted.err]).toEqual([0, expect.anything()]);
    expect(readFileSync(predictions, 'utf8')).toBe(file('local', local.run, 'submission.csv'));
  });

  it('are scored in S3, on a machine that has neither table nor models', async () => {
    const scored = await command('scoring', 'score', local.run, tables.test, '--name', 'new', '--json');
    expect([scored.code, scored.err]).toEqual([0, expect.anything()]);
    const scores = join(at('scoring'), 'scores', 'new');
    expect(readFileSync(join(scores, 'scores.csv'), 'utf8')).toBe(file('local', local.run, 'submission.csv'));
    expect(JSON.parse(readFileSync(join(scores, 'result.json'), 'utf8'))).toMatchObject({
      table: { path: tables.test },
    });
  });

  it('are put into the store by a command, and read by the address that it prints', async () => {
    const put = async (name: string): Promise<string> => {
      const { code, out, err } = await command('putting', 'store', 'put', join(project.folder, name));
      expect([code, err]).toEqual([0, '']);
      expect(out).toMatch(/^store:tables\/[0-9a-f]{64}\/\w+\.csv\n$/);
      return out.trim();
    };
    const args = sets(await put('train.csv'), await put('test.csv'));
    const stored = outcome(await command('stored', 'run', project.pipeline, ...args, '--json'));
    expect(stored.reused).toEqual(expect.arrayContaining(['data', 'fold', 'oof', 'submission']));
    const verified = await command('putting', 'store', 'verify');
    expect([verified.code, verified.err]).toEqual([0, '']);
  });

  it.each([
    ['s3://data-sets/none.csv', /s3:\/\/data-sets\/none\.csv: there is no such object/],
    ['s3://no-such-bucket/x.csv', /s3:\/\/no-such-bucket\/x\.csv: there is no such bucket/],
    ['s3://data-sets/../x.csv', /data\.train: this names no object in S3/],
    ['store:keys/x.json', /data\.train: this names no table of the store/],
    [`store:tables/${'0'.repeat(64)}/x.csv`, /there is no such table in the store/],
    ['https://host/x.csv', /data\.train: this worker does not read that scheme; found https:/],
    ['s3://key:secret@data-sets/x.csv', /--set data\.train.*an address with a user or a password in it/],
  ])('are told to be wrong by whoever looks at them first: %s', async (train, message) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    try {
      const args = [project.pipeline, ...sets(train, tables.test), '--workdir', at('wrong')];
      const { message: told } = await run('plan', ...args).then(fail, (error: Error) => error);
      expect(told).toMatch(message);
      expect(told).not.toContain('secret');
      expect(told.trim().split('\n').length).toBeLessThanOrEqual(3);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

function fail(): never {
  throw new Error('it was taken');
}
