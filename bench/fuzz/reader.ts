import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Answer, Ask } from './child.js';
import { defaultLimitMs, limitBytes, type FuzzTarget, type Outcome, type Verdict } from './target.js';

/** A child is replaced after this many inputs, so that what one leaves behind is not held against a later one. */
const inputsPerChild = 400;

const watchMs = 50;

/** Reads inputs in a child process, which is ended where it takes too long or too much. */
export class Reader {
  private child: ChildProcess | undefined;
  private served = 0;

  /** @param scratch a folder for the child's files */
  constructor(private readonly scratch: string) {}

  async read(target: FuzzTarget, ask: Pick<Ask, 'seed' | 'index' | 'keep'>): Promise<Outcome> {
    const child = await this.started();
    const outcome = await this.answer(child, target, { ...ask, target: target.name, scratch: this.scratch });
    this.served += 1;
    if (this.served >= inputsPerChild || outcome.verdict !== 'accepted') {
      if (outcome.verdict !== 'refused' || this.served >= inputsPerChild) this.close();
    }
    return outcome;
  }

  /** Ends the child. */
  close(): void {
    this.child?.kill('SIGKILL');
    this.child = undefined;
    this.served = 0;
  }

  /** The child, once it has loaded its code: that is no input's time. */
  private async started(): Promise<ChildProcess> {
    if (this.child !== undefined) return this.child;
    const child = (this.child = fork(fileURLToPath(new URL('./child.js', import.meta.url)), [], {
      // A heap below the limit, so that garbage that was not collected is not taken for need.
      execArgv: ['--max-old-space-size=640'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
    }));
    await new Promise<void>((resolve) => {
      child.once('message', () => resolve());
      child.once('exit', () => resolve());
    });
    child.removeAllListeners();
    return child;
  }

  private answer(child: ChildProcess, target: FuzzTarget, ask: Ask): Promise<Outcome> {
    const started = performance.now();
    const named = { target: target.name, index: ask.index };
    return new Promise((resolve) => {
      const finish = (outcome: Outcome): void => {
        clearTimeout(deadline);
        clearInterval(watch);
        child.removeAllListeners();
        // What a killed child still reports is of no interest, and must not end the campaign.
        child.on('error', () => undefined);
        resolve(outcome);
      };
      const give = (verdict: Verdict, message: string): void =>
        finish({ ...named, verdict, message, ms: performance.now() - started });
      const limitMs = target.limitMs ?? defaultLimitMs;
      const deadline = setTimeout(() => give('hang', `no answer within ${limitMs / 1000} s`), limitMs);
      const watch = setInterval(() => {
        if (residentBytes(child) > limitBytes) give('memory', `above ${limitBytes / 2 ** 20} MiB`);
      }, watchMs);
      child.on('message', ({ outcome, peakBytes }: Answer) => {
        if (peakBytes > limitBytes) give('memory', `${Math.round(peakBytes / 2 ** 20)} MiB`);
        else finish(outcome);
      });
      child.on('exit', (code, signal) => give('crash', `its process ended with ${signal ?? `code ${code}`}`));
      child.on('error', (error) => give('crash', error.message));
      if (child.exitCode !== null) give('crash', 'its process did not start');
      else child.send(ask, () => undefined);
    });
  }
}

/** 0 where this machine has no /proc; the child's own figure is then the only one. */
function residentBytes({ pid }: ChildProcess): number {
  const path = `/proc/${pid}/statm`;
  if (!existsSync(path)) return 0;
  try {
    return Number(readFileSync(path, 'utf8').split(' ')[1]) * 4096;
  } catch {
    return 0; // It has just ended.
  }
}
