import { performance } from 'node:perf_hooks';
import { trainFold, TrainingStopped } from '../engine/training/fold.js';
import type { FoldCommand, FoldJob, FoldMessage } from '../engine/training/job.js';
import { allSent, leave, leaveWithParent, send, showLife, tellable } from './parent-watch.js';

/** What the process that trains one fold does: one `train` command, then messages, then it ends. */
export function trainForParent(): void {
  const stop = new AbortController();
  leaveWithParent();
  showLife();
  process.on('SIGTERM', () => stop.abort());
  process.on('message', (command: FoldCommand) => {
    if (command.type === 'stop') stop.abort();
    else void train(command.job, stop.signal);
  });
}

async function train(job: FoldJob, signal: AbortSignal): Promise<void> {
  // Since the process was started.
  const start = performance.now() / 1000;
  try {
    const result = await trainFold(job, emit, signal);
    emit({ type: 'finished', result: { ...result, seconds: { start, ...result.seconds } } });
  } catch (error) {
    if (!(error instanceof TrainingStopped)) emit({ type: 'failed', ...tellable(error) });
    await allSent();
    // What failed may be busy in native code still.
    leave();
  }
  await allSent();
  process.exit(0);
}

function emit(message: FoldMessage): void {
  void send(message);
  // What was given up may run on for minutes.
  if (message.type === 'stopped') void allSent().then(leave);
}
