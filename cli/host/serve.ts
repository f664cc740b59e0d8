import { once } from 'node:events';
import type { Console } from '../terminal/console.js';
import type { Host } from './host.js';
import { onInterrupt } from './interrupt.js';

/** Works until Ctrl-C or SIGTERM, then ends in order; throws where a worker fails. */
export async function serve(host: Host, console: Console): Promise<void> {
  const interrupt = onInterrupt(
    () => console.note('Stopping: folds in training write a checkpoint first. Ctrl-C again stops at once.'),
    host.stopNow,
  );
  try {
    await Promise.race([host.working, once(interrupt.signal, 'abort')]);
  } finally {
    await host.stop().finally(interrupt.close);
  }
}
