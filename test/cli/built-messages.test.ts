import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../../cli/exit-codes.js';
import { built, canRun, foldwise, withoutBuild, withoutRuns } from './built-command-line.js';
import { SmallProject } from './small-project.js';

const main = join('dist', 'cli', 'main.js');

describe.skipIf(!built)(`the command line as a process${withoutBuild}`, () => {
  it('prints its version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await foldwise(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });

  it('tells a wrong command line from a command that failed', async () => {
    expect(await foldwise(['status'])).toMatchObject({ code: exitCodes.usage });
    expect(await foldwise(['plan', 'absent.yaml'])).toMatchObject({ code: exitCodes.failed });
  });

  it.skipIf(process.platform === 'win32')('ends in silence where nobody reads it any more', async () => {
    const child = spawn(process.execPath, [main, 'schema', 'status'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect([code, err]).toEqual([exitCodes.pipeClosed, '']);
  });

  it('prints the schema of what a command prints, and knows which do', async () => {
    const { out } = await foldwise(['schema', 'schedule', 'list']);
    expect(JSON.parse(out)).toMatchObject({ title: 'foldwise schedule list --json', type: 'array' });
    const wrong = await foldwise(['schema', 'cofee']);
    expect([wrong.code, wrong.err]).toEqual([exitCodes.usage, expect.stringContaining('schedule list')]);
  });
});

describe.skipIf(!canRun)(`a run that was left open${withoutRuns}`, () => {
  let project: SmallProject;
  beforeAll(() => {
    project = new SmallProject();
  });
  afterAll(() => rmSync(project.folder, { recursive: true, force: true }));

  const command = (...more: readonly string[]): string[] => [
    ...['run', project.pipeline, '--workdir', project.workdir, '--slots', '1', '--threads', '1'],
    ...more,
  ];

  const isTraining = (): boolean => {
    const runs = join(project.workdir, 'runs');
    const names = existsSync(runs) ? readdirSync(runs) : [];
    return names.some((run) => {
      const events = join(runs, run, 'events.ndjson');
      return existsSync(events) && readFileSync(events, 'utf8').includes('epoch finished');
    });
  };

  it('is named by the next one of another setting, which does with it as it is told', async () => {
    const first = spawn(process.execPath, [main, ...command('--set', 'training.epochs=5000')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    first.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const exit = new Promise<number | null>((resolve) => first.once('exit', resolve));
    for (let tries = 0; tries < 1200 && !isTraining(); tries++) await delay(50);
    first.kill('SIGINT');
    expect(await exit, said).toBe(exitCodes.interrupted);
    // With another number of threads its folds would be other ones.
    expect(said).toMatch(/Go on with: foldwise run \S+ --set training\.epochs=5000 --slots 1 --threads 1/);

    // A pipeline without a report, besides.
    project.write('pipeline.yaml', `${readFileSync(project.pipeline, 'utf8')}${stepsWithoutReport}`);
    const second = await foldwise(command('--set', 'training.epochs=1', '--other', 'cancel'));
    expect(second.code, second.err).toBe(exitCodes.done);
    expect(second.err).toMatch(/Another run is open in this workdir:\n {2}small-\S+ {2}running, started/);
    expect(second.err).toContain('cancel: what is open is ended; what it has done stays and is reused.');
    expect(second.out).toMatch(/Completed in .*:\n {2}oof\.csv .*\n {2}models .*\n {2}events\.ndjson/);
    expect(second.out).not.toMatch(/result\.json|report\.html/);
  }, 240_000);
});

const stepsWithoutReport = `steps:
  data: { run: prepareData }
  fold: { run: trainFold, needs: [data], matrix: { fold: all } }
  oof: { run: aggregateOof, needs: [data, fold] }
`;
