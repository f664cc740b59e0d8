import { describeError, readInput, type Draw } from './read-input.js';
import { planted } from './planted.js';
import type { FuzzTarget, Outcome } from './target.js';
import { targets } from './targets/index.js';

/** What the campaign asks of its child. */
export interface Ask extends Draw {
  readonly target: string;
  readonly scratch: string;
  readonly keep: string | null;
}

/** The child's answer: what became of the input, and the most memory that this process ever held. */
export interface Answer {
  readonly outcome: Outcome;
  readonly peakBytes: number;
}

let current: Ask | undefined;

async function answer(ask: Ask): Promise<void> {
  current = ask;
  const target = [...targets, ...planted].find(({ name }) => name === ask.target) as FuzzTarget;
  tell(await readInput(target, ask, ask.scratch, ask.keep));
}

function tell(outcome: Outcome): void {
  process.send?.({ outcome, peakBytes: process.resourceUsage().maxRSS * 1024 } satisfies Answer);
}

// An error that no caller can catch, such as one within an event, would end a worker.
process.on('uncaughtException', (error) => {
  const { target = '', index = 0 } = current ?? {};
  tell({
    target,
    index,
    verdict: 'crash',
    message: `outside of any handler: ${describeError(error)}`,
    ms: 0,
  });
});
process.on('disconnect', () => process.exit(0));
process.on('message', (ask: Ask) => void answer(ask));
process.send?.('ready');
