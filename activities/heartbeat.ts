import { heartbeat } from '@temporalio/activity';

const intervalMs = 3_000;

/** Keeps an activity known to be alive while it works; `details` are asked for at every beat. */
export async function beating<T>(work: () => Promise<T>, details?: () => unknown): Promise<T> {
  const beat = (): void => heartbeat(details?.());
  beat();
  const timer = setInterval(beat, intervalMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
