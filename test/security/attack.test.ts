import { Client, Connection } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import {
  activityOf,
  sampleCall,
  samplePipeline,
  trainedFold,
  type StepName,
} from '../../bench/fuzz/calls.js';
import { readRecord } from '../../infra/server/record.js';
import type { Progress } from '../../workflows/progress.js';
import { canRun, ended, foldwise, withoutRuns } from '../cli/built-command-line.js';
import { SmallProject } from '../cli/small-project.js';
import { startEnvironment } from '../workflows/bench.js';

const isRoot = process.getuid?.() === 0;
const possible = canRun && isRoot;
const without = isRoot ? withoutRuns : ' (skipped: two users need root)';

/** Of nobody, who owns nothing here. */
const intruderUid = 65_534;
const secret = 'words of another user';
const main = join(process.cwd(), 'dist/cli/main.js');
const intruder = fileURLToPath(new URL('./intruder.mjs', import.meta.url));

type Attack = readonly [name: string, argument: unknown];

/** A project whose commands run as this user, beside files that only this user may read. */
class Victim {
  readonly project = new SmallProject();
  readonly outside = join(this.project.folder, 'outside');
  readonly workdir = join(this.project.folder, 'inside', 'workdir');
  private child: ChildProcess | undefined;
  private said = '';

  constructor() {
    mkdirSync(this.outside);
    mkdirSync(this.workdir, { recursive: true });
    const rows = Array.from({ length: 40 }, (_, row) => `r${row},${secret} ${row},${row % 2},${row % 2}\n`);
    this.hide('secret.csv', `id,text,joy,fear\n${rows.join('')}`);
    this.hide('headless.csv', `${secret},1\n${secret} again,0\n`);
    this.hide('secret.yaml', JSON.stringify(this.pipeline({ name: 'theirs' })));
    mkdirSync(join(this.outside, 'model'));
    writeFileSync(join(this.outside, 'model', 'config.json'), JSON.stringify({ model_type: secret }));
  }

  private hide(name: string, content: string): void {
    writeFileSync(join(this.outside, name), content);
    chmodSync(join(this.outside, name), 0o600);
  }

  pipeline(changes: Record<string, unknown> = {}): Record<string, unknown> {
    const { folder } = this.project;
    const data = { train: join(folder, 'train.csv'), test: join(folder, 'test.csv') };
    return { ...samplePipeline(folder), data: { ...data, text: ['text'], id: 'id' }, ...changes };
  }

  begin(args: readonly string[], env: NodeJS.ProcessEnv = {}): void {
    // In the workdir: the folder in which a worker starts is one that it may read.
    const options = {
      cwd: this.workdir,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'] as const,
    };
    this.child = spawn(process.execPath, [main, ...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (text) => (this.said += String(text)));
  }

  /** The address of the server that runs for the workdir. */
  async address(): Promise<string> {
    for (let tries = 0; tries < 600; tries++) {
      const record = await readRecord(this.workdir);
      if (record !== null) return record.address;
      if (this.child?.exitCode !== null) break;
      await delay(100);
    }
    throw new Error(`no server came up: ${this.said}`);
  }

  async until(words: string): Promise<void> {
    for (let tries = 0; tries < 600 && !this.said.includes(words); tries++) await delay(100);
    expect(this.said).toContain(words);
  }

  /** It still runs, and ends in order when it is asked to. */
  async end(): Promise<void> {
    expect(this.child?.exitCode, this.said).toBeNull();
    const exit = once(this.child!, 'exit');
    this.child!.kill('SIGTERM');
    await exit;
    expect(this.said).not.toContain(secret);
    expect(this.said).not.toMatch(/\n {4}at /);
  }

  /** Every file but those of the workdir, which may change. */
  files(): string[] {
    const all = readdirSync(this.project.folder, { recursive: true }).map(String);
    return all.filter((path) => !path.startsWith(join('inside', 'workdir'))).sort();
  }

  starts(): Attack[] {
    const { outside } = this;
    const inline = (changes: Record<string, unknown>, more = {}): unknown => ({
      pipeline: this.pipeline(changes),
      ...more,
    });
    const data = { text: ['text'], id: 'id' };
    return [
      ['a pipeline of the victim', { pipeline: join(outside, 'secret.yaml') }],
      ['a table as a pipeline', { pipeline: join(outside, 'secret.csv') }],
      ['a table without a header as a pipeline', { pipeline: `file://${join(outside, 'headless.csv')}` }],
      ['a password file as a pipeline', { pipeline: '/etc/shadow' }],
      ['a device as a pipeline', { pipeline: '/dev/zero' }],
      ['a table of the victim', inline({ data: { ...data, train: join(outside, 'secret.csv') } })],
      ['a table by a relative path', inline({ data: { ...data, train: '../../outside/secret.csv' } })],
      ['a table without a header', inline({ data: { ...data, train: join(outside, 'headless.csv') } })],
      ['a model of the victim', inline({ model: { checkpoint: join(outside, 'model') } })],
      ['a model by a relative path', inline({ model: { checkpoint: '../../outside/model' } })],
      ['a run outside', inline({}, { run: '../../../outside/run' })],
      ['a run that is a number', inline({}, { run: 5 })],
      ['overrides that are none', inline({}, { overrides: null })],
      ['folds without end', inline({ folds: { count: 4e9 } })],
      ['nothing', null],
    ];
  }

  activities(run: string): [string, string, unknown][] {
    const { outside, workdir } = this;
    const call = (step: StepName, changes: Record<string, unknown>): unknown => ({
      ...sampleCall(step, workdir),
      run: 'intruder',
      pipeline: this.pipeline(),
      ...changes,
    });
    const inputs = (step: StepName, fold: unknown): unknown => ({
      ...(sampleCall(step, workdir)['inputs'] as object),
      fold,
    });
    const evil = '../../../../outside/evil';
    const steps = Object.keys(activityOf) as StepName[];
    return [
      ...steps.map((step): [string, string, unknown] => [`${step} with nothing`, activityOf[step], null]),
      ...steps.map((step): [string, string, unknown] => [
        `${step} in a run outside`,
        activityOf[step],
        call(step, { run: evil }),
      ]),
      [
        'an ensemble of a fold outside',
        'predictEnsemble',
        call('submission', { inputs: inputs('submission', [trainedFold(evil)]) }),
      ],
      [
        'a model with a file outside',
        'predictEnsemble',
        call('submission', {
          inputs: inputs('submission', [trainedFold(1, { model: { [evil]: trainedFold(1).rows } })]),
        }),
      ],
      ['half a fold', 'trainFold', call('fold', { fold: 1.5 })],
      ['a fold that is not there', 'trainFold', call('fold', { fold: 99 })],
      [
        'folds without end',
        'prepareData',
        call('data', { pipeline: this.pipeline({ folds: { count: 4e9 } }) }),
      ],
      [
        'a table of the victim',
        'prepareData',
        call('data', { pipeline: this.pipeline({ data: { train: join(outside, 'secret.csv') } }) }),
      ],
      [
        'a model by a relative path',
        'trainFold',
        call('fold', { pipeline: this.pipeline({ model: { checkpoint: '../../outside/model' } }) }),
      ],
      ["the victim's own run", 'prepareData', call('data', { run })],
      [
        'a pipeline of the victim',
        'resolvePipeline',
        { pipeline: join(outside, 'secret.yaml'), run: 'intruder' },
      ],
      ['a look-up of nothing', 'lookupSteps', null],
      ['a confirmation of nothing', 'confirmResults', null],
      ['another activity', 'toString', {}],
    ];
  }

  /** Has the intruder try everything; the run `workflowId` is to be disturbed. */
  async attack(address: string, run: string, workflowId: string): Promise<void> {
    const before = this.files();
    const plan = join(this.project.folder, 'inside', 'plan.json');
    const metrics = { epoch: 1, trainLoss: 0, valLoss: 0, macroF1: 0 };
    const signals = [
      null,
      7,
      [],
      {},
      { fold: 1 },
      { fold: 99, metrics },
      { fold: 1, metrics: { ...metrics, epoch: 4e9 } },
    ];
    const updates = [null, [], { step: 7 }, { step: 'x'.repeat(10_000) }, { step: 'fold', index: 1.5 }];
    const target = { workflowId, signals, updates };
    writeFileSync(
      plan,
      JSON.stringify({
        address,
        uid: intruderUid,
        starts: this.starts(),
        activities: this.activities(run),
        target,
      }),
    );
    const { code, out, err } = await ended(process.execPath, [intruder, plan]);
    expect(err).toBe('');
    expect(code).toBe(0);
    const { disturbed, started, called, histories } = JSON.parse(out) as {
      disturbed: string;
      started: [string, string][];
      called: [string, string][];
      histories: string;
    };
    expect(disturbed).toBe('answered');
    for (const [name, became] of [...started, ...called]) expect(became, name).toMatch(/^failed: /);
    expect(histories).not.toContain(secret);
    expect(this.files()).toEqual([...before, join('inside', 'plan.json')].sort());
  }

  async remove(): Promise<void> {
    if (this.child?.exitCode === null) {
      this.child.kill('SIGKILL');
      await once(this.child, 'exit');
    }
    rmSync(this.project.folder, { recursive: true, force: true });
  }
}

describe.skipIf(!possible)(`another user of the machine${without}`, () => {
  let victim: Victim;
  let environment: TestWorkflowEnvironment | undefined;
  afterEach(async () => {
    await victim.remove();
    await environment?.teardown();
    environment = undefined;
  });

  /** Starts the victim's run, has it attacked, and waits until it has completed. */
  async function attackRun(address: string, env: NodeJS.ProcessEnv = {}): Promise<void> {
    const { code, out, err } = await foldwise(
      ['start', victim.project.pipeline, '--workdir', victim.workdir, '--json'],
      env,
    );
    expect(code, err).toBe(0);
    const { run, workflowId } = JSON.parse(out) as { run: string; workflowId: string };
    await victim.attack(address, run, workflowId);
    const connection = await Connection.connect({ address });
    const result: unknown = await new Client({ connection }).workflow.getHandle(workflowId).result();
    expect(result).toMatchObject({ run, skippedFolds: [] });
    await connection.close();
  }

  it('gets nothing of `foldwise dev`', async () => {
    victim = new Victim();
    victim.begin([
      'dev',
      '--workdir',
      victim.workdir,
      '--root',
      victim.workdir,
      victim.project.folder + '/train.csv',
      victim.project.folder + '/test.csv',
    ]);
    const address = await victim.address();
    await victim.until('Ctrl-C');
    await attackRun(address);
    await victim.end();
  }, 300_000);

  it('gets nothing of `foldwise worker`', async () => {
    environment = await startEnvironment();
    const env = { TEMPORAL_ADDRESS: environment.address };
    victim = new Victim();
    victim.begin(
      [
        'worker',
        '--workdir',
        victim.workdir,
        '--root',
        victim.workdir,
        victim.project.folder + '/train.csv',
        victim.project.folder + '/test.csv',
      ],
      env,
    );
    await victim.until('working for');
    await attackRun(environment.address, env);
    await victim.end();
  }, 300_000);

  it('gets nothing of `foldwise run`, which works for its own run alone', async () => {
    victim = new Victim();
    victim.begin([
      'run',
      victim.project.pipeline,
      '--workdir',
      victim.workdir,
      '--set',
      'training.epochs=3000',
      '--set',
      'folds.count=2',
    ]);
    const address = await victim.address();
    const connection = await Connection.connect({ address });
    const client = new Client({ connection });
    const run = await openRun(client);
    const handle = client.workflow.getHandle(run.workflowId);
    await victim.attack(address, run.run, run.workflowId);
    // Not even a folder of its own, which a worker for everybody would give it.
    expect(readdirSync(join(victim.workdir, 'runs'))).toEqual([run.run]);
    const epochs = async (): Promise<number> => {
      const { steps } = await handle.query<Progress>('progress');
      return Math.max(...steps.flatMap(({ cells }) => cells.map((cell) => cell.epochs.length)));
    };
    const before = await epochs();
    for (let tries = 0; tries < 600 && (await epochs()) <= before; tries++) await delay(100);
    expect(await epochs()).toBeGreaterThan(before);
    await connection.close();
    await victim.end();
  }, 300_000);
});

/** The one run that the victim has open, once it trains. */
async function openRun(client: Client): Promise<{ run: string; workflowId: string }> {
  for (let tries = 0; tries < 600; tries++) {
    for await (const { workflowId } of client.workflow.list({ query: 'ExecutionStatus = "Running"' })) {
      const progress = await client.workflow
        .getHandle(workflowId)
        .query<Progress>('progress')
        .catch(() => null);
      const trains = progress?.steps.some(({ cells }) => cells.some(({ state }) => state === 'running'));
      if (progress !== null && trains === true) return { run: progress.run, workflowId };
    }
    await delay(100);
  }
  throw new Error('no run came up');
}
