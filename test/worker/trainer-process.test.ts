import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { ModuleKind, transpileModule } from 'typescript';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DeviceName } from '../../engine/device/device.js';
import type { FoldJob, FoldMessage, FoldOutcome } from '../../engine/training/job.js';
import { ProcessCrashed } from '../../worker/child-process.js';
import { ProcessStalled } from '../../worker/child-watch.js';
import { TrainerProcess, TrainingStopped, type TrainerProcessOptions } from '../../worker/trainer-process.js';

const script = fileURLToPath(new URL('./fake-child.mjs', import.meta.url));
let folder: string;
let messages: FoldMessage[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foldwise-trainer-'));
  messages = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function train(
  scene: string,
  signal = new AbortController().signal,
  patienceMs = 5_000,
  changes: Partial<TrainerProcessOptions> = {},
  device?: DeviceName,
): Promise<FoldOutcome> {
  const job = { fold: 2, labels: [scene], workDirectory: folder, device } as unknown as FoldJob;
  const onMessage = (message: FoldMessage): void => void messages.push(message);
  return new TrainerProcess({ script, patienceMs, onOutput: () => undefined, ...changes }).train(job, {
    onMessage,
    signal,
  });
}

describe("the trainer's process", () => {
  it('gives the outcome, after its messages in their order', async () => {
    const outcome = await train('finish');
    expect(outcome).toMatchObject({ fold: 2, bestEpoch: 1 });
    // What its process took besides the fold, which took no time.
    expect(outcome.seconds.end).toBeGreaterThan(0);
    expect(messages.map(({ type }) => type)).toEqual(['started', 'finished']);
  });

  it.each([
    ['a crash of native code', 'crash', /signal SIGSEGV/],
    ['an early end', 'exit', /exit code 3/],
  ])('makes %s a fault that is retried', async (_title, scene, found) => {
    const failure: unknown = await train(scene).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ProcessCrashed);
    expect(failure).toMatchObject({ retryable: true, message: expect.stringMatching(found) as string });
  });

  it('names the tokenizer that ended the process, and does not try it again', async () => {
    await expect(train('tokenizer')).rejects.toMatchObject({
      retryable: false,
      message: expect.stringContaining(
        'fold 2: the tokenizer of /a/model ended the process that read it; found signal SIGABRT',
      ) as string,
    });
  });

  it('blames no tokenizer for a process that was killed', async () => {
    await expect(train('tokenizer-killed')).rejects.toBeInstanceOf(ProcessCrashed);
  });

  it('names the tokenizer that takes too long', async () => {
    const failure = train('tokenizer-slow', undefined, undefined, { watch: { everyMs: 50 } });
    await expect(failure).rejects.toMatchObject({
      message: expect.stringContaining('while tokenising, at the tokenizer of /a/model') as string,
    });
  });

  it('passes a fault of the training on under its name', async () => {
    const failure = train('diverge');
    await expect(failure).rejects.toMatchObject({
      name: 'DivergenceFault',
      retryable: false,
      message: 'fold 2: the loss is not finite',
    });
  });

  it('lets the training checkpoint when it is told to stop', async () => {
    const stop = new AbortController();
    const training = train('wait', stop.signal);
    await begun();
    stop.abort();
    await expect(training).rejects.toThrow(/stopped at the checkpoint of step 7/);
    expect(messages.at(-1)).toEqual({ type: 'stopped', step: 7 });
  });

  it('says so where a training that was told to stop has left no checkpoint', async () => {
    const stop = new AbortController();
    const training = train('unkept', stop.signal);
    await begun();
    stop.abort();
    await expect(training).rejects.toThrow(/without a checkpoint; there is none of this attempt/);
  });

  it('ends a training at once that has nothing to lose yet', async () => {
    const stop = new AbortController();
    const training = train('prepare', stop.signal, 3_600_000);
    await until(() => messages.length > 0);
    stop.abort();
    await expect(training).rejects.toThrow(/stopped before it began/);
  });

  it('gives a checkpoint the time that it asks for', async () => {
    const stop = new AbortController();
    const training = train('slow-checkpoint', stop.signal, 2_000);
    await begun();
    stop.abort();
    await expect(training).rejects.toThrow(/stopped at the checkpoint of step 7/);
  });

  it('ends a training that is frozen, and says what it was at', async () => {
    const training = train('steps', undefined, 5_000, { watch: { silenceMs: 2_000, everyMs: 50 } });
    training.catch(() => undefined);
    await until(() => messages.filter(({ type }) => type === 'step').length > 5);
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    process.kill(pid, 'SIGSTOP');
    await expect(training).rejects.toThrow(ProcessStalled);
    await expect(training).rejects.toMatchObject({
      retryable: true,
      message: expect.stringMatching(/fold 2: .*not a word for 2 s, while training/) as string,
    });
    expect(isAlive(pid)).toBe(false);
  });

  it('ends a training that lives and comes along no more', async () => {
    const training = train('stuck', undefined, 5_000, { watch: { silenceMs: 60_000, everyMs: 50 } });
    await expect(training).rejects.toThrow(/no progress for 0\.3 s, while judging/);
  });

  it('waits for a training that is silent on purpose', async () => {
    const options = { watch: { silenceMs: 100, everyMs: 20 } };
    expect(await train('silent', undefined, 5_000, options)).toMatchObject({ fold: 2 });
  });

  it('ends a training that does not stop', async () => {
    const stop = new AbortController();
    const training = train('deaf', stop.signal, 200);
    await begun();
    stop.abort();
    await expect(training).rejects.toBeInstanceOf(TrainingStopped);
  });

  it('does not start where it is to stop already', async () => {
    await expect(train('finish', AbortSignal.abort())).rejects.toBeInstanceOf(TrainingStopped);
    expect(messages).toEqual([]);
  });

  it('keeps tokens and keys from the training', async () => {
    process.env['HF_TOKEN'] = 'secret';
    process.env['TEMPORAL_API_KEY'] = 'secret';
    await train('environment');
    delete process.env['HF_TOKEN'];
    delete process.env['TEMPORAL_API_KEY'];
    const seen = readFileSync(join(folder, 'environment.json'), 'utf8');
    expect(seen).toContain('"PATH"');
    expect(seen).not.toContain('secret');
  });

  it.each<[DeviceName | undefined, string | undefined]>([
    ['cuda:0', '1'],
    ['cuda:3', '1'],
    ['webgpu', undefined],
    ['cpu', undefined],
    [undefined, undefined],
  ])('has one thread for calls of the library where it trains on CUDA: on %s %s', async (device, threads) => {
    await train('environment', undefined, undefined, undefined, device);
    const seen = JSON.parse(readFileSync(join(folder, 'environment.json'), 'utf8')) as NodeJS.ProcessEnv;
    expect(seen['UV_THREADPOOL_SIZE']).toBe(threads);
    expect(seen['PATH']).toBe(process.env['PATH']);
  });
});

describe("the trainer's child", () => {
  it('loses no message, however late its parent takes them', async () => {
    transpiled('parent-watch');
    writeFileSync(
      join(folder, 'child.mjs'),
      `import { allSent, leave, leaveWithParent, send } from './parent-watch.mjs';
       leaveWithParent();
       process.once('message', async () => {
         void send({ type: 'started' });
         for (let i = 0; i < 300; i++) void send({ type: 'warning', message: 'x'.repeat(4000) });
         void send({ type: 'checkpoint', checkpoint: { step: 7 } });
         void send({ type: 'stopped', step: 7 });
         await allSent();
         leave();
       });`,
    );
    const stop = new AbortController();
    const training = train('any', stop.signal, 60_000, { script: join(folder, 'child.mjs') });
    training.catch(() => undefined);
    await until(() => messages.length > 0);
    stop.abort();
    // The parent is busy: its event loop takes no message.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
    await expect(training).rejects.toThrow(/stopped at the checkpoint of step 7/);
    expect(messages).toHaveLength(303);
  });

  it('leaves when its parent is killed', async () => {
    transpiled('parent-watch');
    const child =
      "import { leaveWithParent } from './parent-watch.mjs'; leaveWithParent(); setInterval(() => {}, 1000);";
    writeFileSync(join(folder, 'child.mjs'), `${child} process.send('up');`);
    const holder = "import { fork } from 'node:child_process'; const child = fork(process.argv[2]);";
    writeFileSync(
      join(folder, 'holder.mjs'),
      `${holder} child.once('message', () => process.send(child.pid));`,
    );
    const parent = fork(join(folder, 'holder.mjs'), [join(folder, 'child.mjs')]);
    const pid = await new Promise<number>((resolve) =>
      parent.once('message', (sent) => resolve(sent as number)),
    );
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    for (let tries = 0; tries < 100 && isAlive(pid); tries++) await delay(50);
    expect(isAlive(pid)).toBe(false);
  });
});

/** A module of the worker, as the plain script that a child can load. */
function transpiled(name: string): void {
  const source = readFileSync(new URL(`../../worker/${name}.ts`, import.meta.url), 'utf8');
  const { outputText } = transpileModule(source, { compilerOptions: { module: ModuleKind.ESNext } });
  writeFileSync(join(folder, `${name}.mjs`), outputText);
}

/** Until the training has something to lose. */
function begun(): Promise<void> {
  return until(() => messages.some(({ type }) => type === 'started'));
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1_000 && !holds(); tries++) await delay(20);
  expect(holds()).toBe(true);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A process that has ended stays in the table until someone asks for its end.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
