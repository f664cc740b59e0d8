import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findServer } from '../../infra/server/find.js';

const main = join(process.cwd(), 'dist/cli/main.js');
const ready = existsSync(main) && findServer() !== null;
const quickstart = 'examples/quickstart/pipeline.yaml';
const small = ['--set', 'training.epochs=1', '--set', 'folds.count=2'];
const execute = promisify(execFile);

describe.skipIf(!ready)(
  'the built command line (skipped without `npm run build` or a temporal executable)',
  // Each is several commands, one after another.
  { timeout: 180_000 },
  () => {
    let workdir = '';
    const foldwise = (...args: readonly string[]) =>
      execute(process.execPath, [main, ...args, '--workdir', workdir]).then(({ stdout }) => stdout);

    beforeAll(async () => {
      workdir = await mkdtemp(join(tmpdir(), 'foldwise-whole-'));
    });
    afterAll(() => rm(workdir, { recursive: true, force: true }));

    it('runs the quick start to its table and its files, and leaves no server behind', async () => {
      const out = await foldwise('run', quickstart, ...small);
      expect(out).toMatch(/^macro( +0\.\d{3}){3}$/m);
      expect(out).toContain('foldwise dev');
      const [run = ''] = await readdir(join(workdir, 'runs'));
      const files = await readdir(join(workdir, 'runs', run));
      expect(files).toEqual(
        expect.arrayContaining([
          'events.ndjson',
          'models',
          'oof.csv',
          'report.html',
          'result.json',
          'submission.csv',
        ]),
      );
      expect(existsSync(join(workdir, '.foldwise', 'server.json'))).toBe(false);
    });

    it('trains nothing in a second run, as plan has foretold', async () => {
      expect(await foldwise('plan', quickstart, ...small)).toContain('Nothing to train.');
      const out = await foldwise('run', quickstart, ...small);
      expect(out).toContain('fold 2: reused');
      expect(out).not.toContain('epoch 1,');
    });

    it("predicts with a run's models what the run itself predicted", async () => {
      const [run = ''] = await readdir(join(workdir, 'runs'));
      const target = join(workdir, 'predictions.csv');
      await foldwise('predict', run, 'examples/quickstart/test.csv', '--output', target);
      const expected = await readFile(join(workdir, 'runs', run, 'submission.csv'), 'utf8');
      expect(await readFile(target, 'utf8')).toBe(expected);
    });

    describe('beside a server of `foldwise dev`', () => {
      let dev: ChildProcess;

      beforeAll(async () => {
        dev = spawn(process.execPath, [main, 'dev', '--workdir', workdir], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        await new Promise<void>((resolve, reject) => {
          dev.once('exit', () => reject(new Error('the server ended')));
          dev.stdout?.on('data', (text: Buffer) => text.includes('Ctrl-C') && resolve());
        });
      });
      afterAll(async () => {
        const ended = new Promise((resolve) => dev.once('exit', resolve));
        dev.kill('SIGTERM');
        await ended;
      });

      it('starts a run, follows it to its end, and shows it afterwards', async () => {
        const started = JSON.parse(await foldwise('start', quickstart, ...small, '--json')) as {
          run: string;
        };
        expect(await foldwise('watch', started.run)).toContain('report: completed');
        expect(await foldwise('status', started.run)).toMatch(/completed .*\n├─ = data +reused/);
      });

      it('keeps the pause that somebody set when a schedule is brought up to date', async () => {
        const create = (cron: string) => foldwise('schedule', 'create', quickstart, '--cron', cron);
        expect(await create('0 3 * * 1')).toContain('created');
        await foldwise('schedule', 'pause', 'quickstart');
        expect(await create('0 4 * * 1')).toContain('brought up to date');
        const listed = JSON.parse(await foldwise('schedule', 'list', '--json')) as object[];
        expect(listed).toMatchObject([{ id: 'quickstart', paused: true }]);
        await foldwise('schedule', 'delete', 'quickstart');
      });

      it('says which runs there are for one that is not', async () => {
        await expect(foldwise('status', 'nope')).rejects.toMatchObject({
          code: 1,
          stderr: expect.stringMatching(/^error: run nope: .*; found quickstart-/) as string,
        });
      });
    });
  },
);
