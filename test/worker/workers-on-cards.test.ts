import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { canRun, foldwise, withoutRuns } from '../cli/built-command-line.js';
import { SmallProject } from '../cli/small-project.js';
import { compileFakeCard, withoutProvider } from '../setup/fake-card/fake-card.js';
import { startEnvironment } from '../workflows/bench.js';

const missing = withoutProvider();

interface RunEvent {
  readonly event: string;
  readonly fold?: number;
  readonly device?: string;
  readonly resumedFrom?: number;
  readonly message?: string;
}

/** Cards that compute nothing: who trains what on which, and what is made of that. */
describe.skipIf(!canRun || missing !== null)(
  `workers that train on cards of CUDA${withoutRuns}${missing === null ? '' : ` (skipped: ${missing})`}`,
  { timeout: 300_000 },
  () => {
    let environment: TestWorkflowEnvironment;
    let project: SmallProject;
    const hired: ChildProcess[] = [];
    const address = (): NodeJS.ProcessEnv => ({ TEMPORAL_ADDRESS: environment.address });

    beforeAll(async () => {
      environment = await startEnvironment();
      project = new SmallProject();
      project.model(
        'scratch: { type: bert, hiddenSize: 16, layers: 1, heads: 2, intermediateSize: 32, vocabulary: 80 }',
      );
    });
    afterEach(() => Promise.all(hired.splice(0).map((worker) => dismiss(worker, 'SIGKILL'))));
    afterAll(async () => {
      await environment?.teardown();
      rmSync(project.folder, { recursive: true, force: true, maxRetries: 5 });
    });

    const worker = (queue: string, more: readonly string[] = []): readonly string[] => [
      ...['worker', '--queue', queue, '--threads', '1', '--workdir', project.workdir],
      ...['--root', project.folder, project.workdir, ...more],
    ];

    const hire = async (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<ChildProcess> => {
      const hand = spawn(process.execPath, [join('dist', 'cli', 'main.js'), ...args], {
        env: { ...process.env, ...address(), ...env },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      hired.push(hand);
      await once(hand.stdout, 'data');
      return hand;
    };

    async function start(...sets: readonly string[]): Promise<{ run: string; handle: WorkflowHandle }> {
      const place = ['--workdir', project.workdir, '--json'];
      const command = ['start', project.pipeline, ...sets.flatMap((set) => ['--set', set]), ...place];
      const { code, out, err } = await foldwise(command, address());
      expect(code, err).toBe(0);
      const { run, workflowId } = JSON.parse(out) as { run: string; workflowId: string };
      return { run, handle: environment.client.workflow.getHandle(workflowId) };
    }

    const file = (run: string, name: string): string =>
      readFileSync(join(project.workdir, 'runs', run, name), 'utf8');
    const events = (run: string): RunEvent[] => {
      const lines = file(run, 'events.ndjson').trim().split('\n');
      return lines.map((line) => JSON.parse(line) as RunEvent);
    };

    it('have a slot for each card, and each fold a card of its own, at the same time', async () => {
      const card = compileFakeCard(join(project.folder, 'two'), { cards: 2 });
      await hire(worker('main'));
      await hire(worker('gpu', ['--device', 'cuda:0,cuda:1']), { LD_LIBRARY_PATH: card });
      const { run, handle } = await start('folds.count=4');
      await handle.result();
      const busy = new Map<number, string>();
      let most = 0;
      for (const { event, fold, device } of events(run)) {
        if (event === 'fold finished') busy.delete(fold!);
        if (event !== 'fold started') continue;
        expect([...busy.values()]).not.toContain(device);
        busy.set(fold!, device!);
        most = Math.max(most, busy.size);
      }
      expect(most).toBe(2);
      const devices = events(run).flatMap(({ event, device }) => (event === 'fold started' ? device : []));
      expect(devices).toHaveLength(4);
      expect(new Set(devices)).toEqual(new Set(['cuda:0', 'cuda:1']));
    });

    it('do not begin where one of the cards does not start, and say which', async () => {
      const card = compileFakeCard(join(project.folder, 'one'), { cards: 1 });
      const { code, out, err } = await foldwise(worker('gpu', ['--device', 'cuda:0,cuda:1']), {
        ...address(),
        LD_LIBRARY_PATH: card,
      });
      expect(code).not.toBe(0);
      expect(out).toBe('');
      expect(err).toMatch(/^error: device cuda:1: /m);
    });

    it('say of a fold that comes to another kind of card that it begins anew, and train none again that is finished', async () => {
      const kind = (name: string): NodeJS.ProcessEnv => ({
        LD_LIBRARY_PATH: compileFakeCard(join(project.folder, name.replaceAll(' ', '-')), { name }),
      });
      const onCard = worker('gpu', ['--device', 'cuda']);
      await hire(worker('main'));
      const former = await hire(onCard, kind('A former card'));
      const sets = ['training.epochs=60', 'training.seed=7'];
      const { run, handle } = await start(...sets);
      await until(() => events(run).some(({ event }) => event === 'fold finished'));
      await until(() => events(run).filter(({ event }) => event === 'fold started').length === 2);
      await delay(1_000);
      await dismiss(former, 'SIGTERM');
      await hire(onCard, kind('Another card'));
      await handle.result();

      const [first, second, ...others] = events(run).filter(({ event }) => event === 'fold started');
      expect(others).toMatchObject([{ fold: second!.fold, resumedFrom: 0 }]);
      expect(first!.fold).not.toBe(second!.fold);
      const { warnings } = JSON.parse(file(run, 'result.json')) as { warnings: string[] };
      const words = `^fold ${second!.fold}: the checkpoint of step \\d+ is of another device, and the fold begins anew: it was trained on .*A former card.*; this worker has .*Another card`;
      expect(warnings).toContainEqual(expect.stringMatching(words));
      expect(readFileSync(join(project.workdir, '.foldwise/worker.log'), 'utf8')).toMatch(
        /the checkpoint of step \d+ is of another device/,
      );

      await Promise.all(hired.splice(0).map((hand) => dismiss(hand, 'SIGTERM')));
      await hire(['worker', '--queue', 'main', 'gpu', ...onCard.slice(3)], kind('Another card'));
      const again = await start(...sets);
      await again.handle.result();
      expect(events(again.run).filter(({ event }) => event === 'fold started')).toEqual([]);
    });
  },
);

async function dismiss(worker: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  worker.kill(signal);
  await once(worker, 'exit');
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    try {
      if (holds()) return;
    } catch {
      // The file is not there yet.
    }
    await delay(100);
  }
  expect.fail('it never came to that');
}
