import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { ModuleKind, transpileModule } from 'typescript';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FoldJob, FoldMessage, FoldOutcome } from '../../engine/training/job.js';
import { ProcessCrashed } from '../../worker/child-process.js';
import { TrainerProcess, TrainingStopped } from '../../worker/trainer-process.js';

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
): Promise<FoldOutcome> {
  const job = { fold: 2, labels: [scene], workDirectory: folder } as unknown as FoldJob;
  const onMessage = (message: FoldMessage): void => void messages.push(message);
  return new TrainerProcess({ script, patienceMs, onOutput: () => undefined }).train(job, {
    onMessage,
    signal,
  });
}

describe("the trainer's process", () => {
  it('gives the outcome, after its messages in their order', async () => {
    expect(await train('finish')).toMatchObject({ fold: 2, bestEpoch: 1 });
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
    setTimeout(() => stop.abort(), 300);
    await expect(training).rejects.toBeInstanceOf(TrainingStopped);
    expect(messages.at(-1)).toEqual({ type: 'warning', message: 'checkpointed' });
  });

  it('ends a training that does not stop', async () => {
    const stop = new AbortController();
    const training = train('deaf', stop.signal, 200);
    setTimeout(() => stop.abort(), 300);
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
});

describe("the trainer's child", () => {
  it('leaves when its parent is killed', async () => {
    const source = readFileSync(new URL('../../worker/parent-watch.ts', import.meta.url), 'utf8');
    const { outputText } = transpileModule(source, { compilerOptions: { module: ModuleKind.ESNext } });
    writeFileSync(join(folder, 'parent-watch.mjs'), outputText);
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

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A process that has ended stays in the table until someone asks for its end.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
