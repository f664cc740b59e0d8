import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { readPosition } from '../../engine/training/fold-state.js';
import { readAnyRecord } from '../../infra/server/record.js';
import { processState } from '../../store/process-identity.js';
import { sha256 } from '../../store/digest.js';
import { noWebGpu, withoutWebGpu } from '../setup/webgpu.js';
import { canRun, foldwise, withoutRuns } from './built-command-line.js';
import { SmallProject } from './small-project.js';

const main = join(process.cwd(), 'dist/cli/main.js');

const compiled = (name: string): string => pathToFileURL(join(process.cwd(), 'dist', name)).href;

/**
 * A process that trains with a loss scale that overflows and is soon doubled again, which no setting tells: in place of
 * the one of the bundle, whose modules nobody reaches.
 */
const risingAndFalling = `
  import { gradScaler } from '${compiled('engine/optim/loss-scale.js')}';
  import { trainForParent } from '${compiled('worker/trainer.js')}';
  Object.assign(gradScaler, { first: 2 ** 21, interval: 3 });
  trainForParent();
`;

/** Loaded before the command line: it trains by that process. */
const trainingBy = (trainer: string): string => `
  import children from 'node:child_process';
  import { basename } from 'node:path';
  import { syncBuiltinESMExports } from 'node:module';
  const { fork } = children;
  children.fork = (script, ...rest) =>
    fork(basename(script) === 'trainer-child.js' ? ${JSON.stringify(trainer)} : script, ...rest);
  syncBuiltinESMExports();
`;

/**
 * The position of the checkpoint that was written last below a folder, of those that have a loss scale; null: none. What
 * a child that is just ending takes away meanwhile is none.
 */
async function scaledPosition(folder: string): Promise<Awaited<ReturnType<typeof readPosition>> | null> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const read = async (path: string) =>
    (await readFile(path)).includes('lossScale/cleanSteps') ? readPosition(path) : null;
  const positions = await Promise.all(paths.map((path) => read(path).catch(() => null)));
  const [last] = positions
    .filter((position) => position !== null)
    .sort((one, other) => other.step - one.step);
  return last ?? null;
}

describe.skipIf(!canRun || noWebGpu).each(['float32', 'float16'] as const)(
  `a run whose folds train on WebGPU in %s${withoutRuns}${withoutWebGpu}`,
  { timeout: 600_000 },
  (precision) => {
    const project = new SmallProject();
    project.model(
      'scratch: { type: bert, hiddenSize: 16, layers: 1, heads: 2, intermediateSize: 32, vocabulary: 80 }',
    );
    const trainer = project.write('trainer.mjs', risingAndFalling);
    const loaded = pathToFileURL(project.write('training.mjs', trainingBy(trainer))).href;
    const env = precision === 'float16' ? { NODE_OPTIONS: `--import=${loaded}` } : {};
    const started: ChildProcess[] = [];
    const workdirs = { whole: join(project.folder, 'whole'), killed: join(project.folder, 'killed') };
    const command = (workdir: string): string[] => {
      const sets = [
        'training.epochs=4',
        'training.checkpointEvery=0',
        `training.precision=${precision}`,
      ].flatMap((each) => ['--set', each]);
      return ['run', project.pipeline, ...sets, '--device', 'webgpu', '--workdir', workdir];
    };
    afterAll(async () => {
      for (const child of started) child.kill('SIGKILL');
      for (const workdir of Object.values(workdirs)) {
        const record = await readAnyRecord(workdir);
        if (record !== null && processState(record) === 'alive') process.kill(record.pid, 'SIGKILL');
      }
      rmSync(project.folder, { recursive: true, force: true, maxRetries: 5 });
    });

    const runOf = (workdir: string): string =>
      join(
        workdir,
        'runs',
        readdirSync(join(workdir, 'runs')).find((name) => name.startsWith('small'))!,
      );
    const events = (workdir: string): { event: string; resumedFrom?: number }[] =>
      readFileSync(join(runOf(workdir), 'events.ndjson'), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { event: string });
    const models = (workdir: string): string[] =>
      [1, 2].map((fold) => sha256(readFileSync(join(runOf(workdir), `models/${fold}/model.safetensors`))));

    it('names the card, trains there, and trains nothing when it is started again', async () => {
      const first = await foldwise(command(workdirs.whole), env);
      expect(first.code, first.err).toBe(0);
      const result = readFileSync(join(runOf(workdirs.whole), 'result.json'), 'utf8');
      expect(result.match(/"device": "\w+"/g)).toEqual(['"device": "webgpu"', '"device": "webgpu"']);
      const again = await foldwise(command(workdirs.whole), env);
      expect(again.code, again.err).toBe(0);
      expect(again.out).toContain('fold 2: reused');
      expect(again.out).not.toContain('epoch 1,');
    });

    it('that is killed in the middle of a fold goes on from its checkpoint, to the same bits', async () => {
      const { killed, whole } = workdirs;
      const child = spawn(process.execPath, [main, ...command(killed)], {
        stdio: 'ignore',
        env: { ...process.env, ...env },
      });
      started.push(child);
      const ended = once(child, 'exit');
      const hasCheckpoints = (): boolean =>
        existsSync(join(killed, 'runs')) &&
        readdirSync(join(killed, 'runs')).length > 0 &&
        existsSync(join(runOf(killed), 'events.ndjson')) &&
        events(killed).filter(({ event }) => event === 'checkpoint').length >= 6;
      while (!hasCheckpoints()) {
        expect([child.exitCode, child.signalCode], 'it ended before it had checkpoints').toEqual([
          null,
          null,
        ]);
        await delay(20);
      }
      child.kill('SIGKILL');
      await ended;
      const position = await scaledPosition(killed);
      if (precision === 'float32') expect(position).toBeNull();
      else {
        // Steps were skipped, and others were not: the scale grows again.
        expect(position!.skipped.length).toBeGreaterThan(0);
        expect(position!.step).toBeGreaterThan(position!.skipped.length);
      }
      const second = await foldwise(command(killed), env);
      expect(second.code, second.err).toBe(0);
      const resumed = events(killed).filter(({ event }) => event === 'fold started');
      expect(resumed.map(({ resumedFrom }) => resumedFrom).some((step) => step! > 0)).toBe(true);
      expect(models(killed)).toEqual(models(whole));
    });
  },
);
