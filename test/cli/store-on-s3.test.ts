import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { S3Server } from '../../bench/s3/s3-server.js';
import { S3Objects } from '../../store/s3/s3-objects.js';
import { ForgetfulServer } from '../store/s3/forgetful-server.js';
import { canRun, foldwise, startDev, withoutRuns, type DevHost } from './built-command-line.js';
import { SmallProject } from './small-project.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-store-on-s3-'));
const server = await S3Server.start('versitygw', join(folder, 'server')).catch((error: Error) => error);
const without = server instanceof Error ? ` (skipped: ${server.message})` : withoutRuns;
const possible = canRun && server instanceof S3Server;

/** The files of a run that say what came out of it, by their hashes. */
function results(workdirs: readonly string[]): Record<string, string> {
  const hashes: Record<string, string> = {};
  for (const workdir of workdirs) {
    const runs = join(workdir, 'runs');
    for (const path of readdirSync(runs, { recursive: true }).map(String)) {
      const name = path.slice(path.indexOf('/') + 1);
      if (!/\.(csv|onnx|safetensors)$/.test(name) || !statSync(join(runs, path)).isFile()) continue;
      hashes[name] = createHash('sha256')
        .update(readFileSync(join(runs, path)))
        .digest('hex');
    }
  }
  return hashes;
}

describe.skipIf(!possible)(`a store on S3${without}`, { timeout: 300_000 }, () => {
  const running = server as S3Server;
  const store = 's3://team-store/reviews';
  let project: SmallProject;
  let expected: Record<string, string>;

  beforeAll(async () => {
    await running.makeBucket('team-store');
    project = new SmallProject();
    expect((await run('on-folder', {})).code).toBe(0);
    expected = results([at('on-folder')]);
    expect(Object.keys(expected).length).toBeGreaterThan(4);
  }, 300_000);
  afterAll(async () => {
    await running.kill();
    rmSync(folder, { recursive: true, force: true });
    rmSync(project.folder, { recursive: true, force: true });
  });

  const at = (workdir: string): string => join(project.folder, workdir);
  const run = (workdir: string, env: NodeJS.ProcessEnv, ...args: string[]) =>
    foldwise(['run', project.pipeline, '--workdir', at(workdir), ...args], env);

  it('gives the bits that a folder gives, and what was done with one workdir is reused with another', async () => {
    const first = await run('first', running.environment, '--store', store);
    expect([first.code, first.err]).toEqual([0, expect.anything()]);
    expect(results([at('first')])).toEqual(expected);
    expect(readdirSync(join(at('first'), '.foldwise'))).not.toContain('store');
    const objects = new S3Objects({ bucket: 'team-store', prefix: 'reviews/' }, { client: running.settings });
    const kinds = new Set<string>();
    for await (const { name } of objects.list('')) kinds.add(name.split('/')[0]!);
    expect([...kinds].sort()).toEqual(expect.arrayContaining(['id', 'keys', 'store']));
    expect(kinds.has('probe')).toBe(false);
    expect(kinds.has('checkpoints')).toBe(false);

    const environment = { ...running.environment, FOLDWISE_STORE: store };
    const second = await run('second', environment, '--json');
    expect(second.code).toBe(0);
    expect((JSON.parse(second.out) as { reused: string[] }).reused).toContain('fold');
    expect(results([at('second')])).toEqual(expected);
  });

  it('is shared by workers with workdirs of their own, and by no worker without it', async () => {
    const environment = { ...running.environment, FOLDWISE_STORE: 's3://team-store/shared' };
    let host: DevHost | undefined;
    try {
      host = await startDev(['--workdir', at('host'), '--root', project.folder], environment);
      const reached = { TEMPORAL_ADDRESS: host.address };
      const alone = await run('alone', reached);
      expect([alone.code, alone.err]).toEqual([
        1,
        expect.stringMatching(/belongs to the store s3:\/\/team-store\/shared, whose artifacts are not here/),
      ]);
      const shared = await run('guest', { ...environment, ...reached });
      expect([shared.code, shared.err]).toEqual([0, expect.anything()]);
      expect(results([at('host'), at('guest')])).toMatchObject(expected);
    } finally {
      await host?.stop();
    }
  });

  it('is refused where the server does not honour conditions, by doctor and by a run', async () => {
    const forgetful = await ForgetfulServer.start([]);
    const environment = {
      ...running.environment,
      AWS_ENDPOINT_URL_S3: forgetful.settings.endpoint,
      FOLDWISE_STORE: 's3://old/p',
    };
    const message = /s3:\/\/old\/p: this cannot be the store: its server does not honour conditional writes/;
    try {
      const refused = await run('refused', environment);
      expect([refused.code, refused.err]).toEqual([1, expect.stringMatching(message)]);
      const looked = await foldwise(['doctor', '--json', '--workdir', at('refused')], environment);
      const checks = JSON.parse(looked.out) as { name: string; state: string; found: string }[];
      expect(checks.find(({ name }) => name === 'store')).toMatchObject({
        state: 'missing',
        found: expect.stringMatching(message) as string,
      });
      expect([looked.code, looked.err]).toEqual([1, expect.stringMatching(/missing: .*store/)]);
    } finally {
      forgetful.close();
    }
    const fine = await foldwise(
      ['doctor', '--store', store, '--json', '--workdir', at('x')],
      running.environment,
    );
    const checks = JSON.parse(fine.out) as { name: string; state: string; found: string }[];
    expect(checks.find(({ name }) => name === 'store')).toEqual({
      name: 'store',
      state: 'fine',
      found: `${store} honours conditional writes`,
    });
  });

  it.each([
    's3://',
    's3:///x',
    's3://bucket/../x',
    'https://host/bucket',
    'a-folder',
    's3://key:secret@bucket/x',
  ])('is refused where it is no place in S3: %s', async (place) => {
    const refused = await foldwise(['doctor', '--store', place]);
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/the store: this is no place in S3; found .*expected s3:\/\/bucket or/);
    expect(refused.err).not.toContain('secret@');
  });
});
