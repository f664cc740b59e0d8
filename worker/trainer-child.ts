import { trainFold } from '../engine/training/fold.js';
import type { FoldCommand, FoldJob, FoldMessage } from '../engine/training/job.js';
import { leaveWithParent, send, tellable } from './parent-watch.js';

/** The process that trains one fold: one `train` command, then messages, then it ends. */
const stop = new AbortController();

async function train(job: FoldJob): Promise<void> {
  const emit = (message: FoldMessage): void => void send(message);
  try {
    const result = await trainFold(job, emit, stop.signal);
    await send({ type: 'finished', result } satisfies FoldMessage);
  } catch (error) {
    if (!stop.signal.aborted) await send({ type: 'failed', ...tellable(error) } satisfies FoldMessage);
  }
  process.exit(0);
}

leaveWithParent();
process.on('SIGTERM', () => stop.abort());
process.on('message', (command: FoldCommand) => {
  if (command.type === 'stop') stop.abort();
  else void train(command.job);
});
