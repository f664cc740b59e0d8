import { Context, log } from '@temporalio/activity';
import type { EpochFinished, EpochFinishedSignal } from './contracts.js';

/** As it is sent: without the name of a member that has none. */
type EpochSignal = Omit<EpochFinished, 'member'> & { readonly member?: string };

const epochFinished: EpochFinishedSignal = 'epochFinished';

/** A signal that has not arrived by then is given up. */
const deadlineMs = 5_000;

/** So many may wait for a server that is away; of more, the oldest go: the later ones tell further. */
const mostWaiting = 20;

/**
 * Tells the workflow of each epoch as it ends, in order. What it shows rests on them, no result does; so a
 * server that is away costs signals, and neither the training nor its checkpoints wait for it.
 */
export class EpochSignals {
  private readonly waiting: EpochSignal[] = [];
  private sending: Promise<void> | undefined;
  private ended = false;

  add(body: EpochSignal): void {
    this.waiting.push(body);
    if (this.waiting.length > mostWaiting) this.waiting.shift();
    this.sending ??= this.sendAll().finally(() => (this.sending = undefined));
  }

  /** Waits for what is under way, as long as one signal may take at most; drops the rest. */
  async end({ atOnce }: { readonly atOnce: boolean }): Promise<void> {
    const { sending } = this;
    if (!atOnce && sending !== undefined) await within(deadlineMs, sending).catch(() => undefined);
    this.ended = true;
  }

  private async sendAll(): Promise<void> {
    for (let body = this.waiting.shift(); body !== undefined && !this.ended; body = this.waiting.shift()) {
      await within(deadlineMs, signal(body)).catch((error: unknown) => {
        log.warn('the end of an epoch could not be told; the training goes on', { error });
      });
    }
  }
}

async function signal(body: EpochSignal): Promise<void> {
  const { info, client } = Context.current();
  const { workflowId, runId } = info.workflowExecution ?? {};
  if (workflowId === undefined) return;
  await client.withDeadline(Date.now() + deadlineMs, () =>
    client.workflow.getHandle(workflowId, runId).signal(epochFinished, body),
  );
}

/** Not every way to the server keeps to a deadline: a caller that has one does not rest on that. */
async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
