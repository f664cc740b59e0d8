import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canRun, ended, foldwise, startDev, temporal, withoutRuns } from './built-command-line.js';
import type { DevHost, Ended } from './built-command-line.js';
import { privateWords, SmallProject } from './small-project.js';

describe.skipIf(!canRun)(
  `the plain Temporal command line, with the input that foldwise config prints${withoutRuns}`,
  { timeout: 180_000 },
  () => {
    let project: SmallProject;
    let dev: DevHost;
    let started: Ended;
    const ask = (...args: readonly string[]): Promise<Ended> =>
      ended(temporal(), [...args, '--address', dev.address]);
    const start = (id: string, input: string): Promise<Ended> =>
      ask(
        ...['workflow', 'start', '--type', 'pipeline', '--task-queue', 'foldwise'],
        ...['--workflow-id', id, '--input-file', input],
      );
    const result = (id: string): Promise<Ended> => ask('workflow', 'result', '-w', id, '--output', 'json');
    const fileOf = (workdir: string, file: string): string => {
      const [run = ''] = readdirSync(join(workdir, 'runs'));
      return readFileSync(join(workdir, 'runs', run, file), 'utf8');
    };

    beforeAll(async () => {
      project = new SmallProject();
      dev = await startDev(['--workdir', project.workdir, '--root', project.folder]);
      const { out } = await foldwise(['config', project.pipeline]);
      started = await start('emotions', project.write('input.json', out));
    }, 180_000);
    afterAll(async () => {
      await dev.stop();
      rmSync(project.folder, { recursive: true, force: true });
    });

    it('starts a run and gives its outcome', async () => {
      expect(started.code).toBe(0);
      const { code, out } = await result('emotions');
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({
        status: 'COMPLETED',
        result: { pipeline: 'small', macroF1: { crossFitted: expect.any(Number) as number } },
      });
    });

    it('comes to the bytes that foldwise run comes to in another workdir', async () => {
      const other = join(project.folder, 'other');
      const { code } = await foldwise(['run', project.pipeline, '--workdir', other]);
      expect(code).toBe(0);
      for (const file of ['submission.csv', 'oof.csv'])
        expect(fileOf(project.workdir, file), file).toBe(fileOf(other, file));
    });

    it('names the run that is there when an id is used a second time', async () => {
      const waiting = project.write('waits.json', await inputOf({ 'training.epochs': '500' }));
      const first = await start('twice', waiting);
      const second = await start('twice', waiting);
      expect([first.code, second.code]).toEqual([0, 0]);
      expect(runIdIn(second.out)).toBe(runIdIn(first.out));
      expect((await ask('workflow', 'cancel', '-w', 'twice')).code).toBe(0);
      expect((await result('twice')).out).toContain('CANCELED');
    });

    it('reads the state of the run from the workflow itself', async () => {
      const { out } = await ask('workflow', 'metadata', '-w', 'emotions');
      expect(out).toMatch(/\*\*Macro F1\*\* 0\.\d{3} cross-fitted/);
      expect(out).toContain('| data | completed |');
      expect(out).toMatch(/\| 2 \| completed \| 8 \| \d\.\d{3} \|/);
      for (const name of ['progress', 'retry', 'skip']) expect(out).toContain(name);
    });

    it('shows what each activity is about, and nothing of the texts', async () => {
      const { out } = await ask('workflow', 'show', '-w', 'emotions', '--output', 'json');
      const payloads = payloadsIn(JSON.parse(out));
      expect(payloads).toEqual(expect.arrayContaining(['"fold 1 of 2"', '"fold 2 of 2"']));
      expect(payloads.join()).toContain('train.csv');
      expect(payloads.join() + out).not.toContain(privateWords);
    });

    it('fails a run of a wrong table with the message that foldwise run has, and nothing of its text', async () => {
      const input = await inputOf({ 'data.train': 'broken.csv' });
      writeFileSync(join(project.folder, 'broken.csv'), `id,text,joy,fear\n1,"${privateWords},1,0\n`);
      await start('broken', project.write('broken.json', input));
      const { code, out } = await result('broken');
      expect(code).not.toBe(0);
      expect(out).toMatch(/data: .*broken\.csv, row 1 \(line 2\): a quote is opened and never closed/);
      expect(out).not.toContain(privateWords);
    });

    async function inputOf(overrides: Readonly<Record<string, string>>): Promise<string> {
      const set = Object.entries(overrides).flatMap(([path, value]) => ['--set', `${path}=${value}`]);
      const { code, out } = await foldwise(['config', project.pipeline, ...set]);
      expect(code).toBe(0);
      return out;
    }
  },
);

function runIdIn(text: string): string {
  return /RunId\s+(\S+)/.exec(text)?.[1] ?? '';
}

/** All that a history carries as payloads, decoded. */
function payloadsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    key === 'data' && typeof inner === 'string'
      ? [Buffer.from(inner, 'base64').toString('utf8')]
      : payloadsIn(inner),
  );
}
