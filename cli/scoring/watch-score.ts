import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError, type Client } from '@temporalio/client';
import { InputFault } from '../../errors/fault.js';
import type { ScoringProgress } from '../../workflows/scoring-progress.js';
import { decryptedAnswer } from '../runs/decoded.js';
import { rootCause } from '../runs/outcome.js';
import type { FoundRun } from '../runs/find-run.js';
import type { ScoreDisplay } from './score-display.js';

/** A scoring at one moment. */
export interface ScoreView extends ScoringProgress {
  readonly elapsedSeconds: number;
  /** Why it failed or was terminated. */
  readonly failure: string | null;
}

const queryDeadline = 5_000;
const interval = 500;

const nothingKnown: ScoringProgress = {
  score: '',
  state: 'planning',
  rows: { all: 0, done: 0 },
  chunks: { all: 0, done: 0, reused: 0 },
  drift: null,
};

/** One look at a scoring. Where no worker answers, what the server alone knows. */
export async function observeScore(client: Client, { run, handle }: FoundRun): Promise<ScoreView> {
  const ask = (): Promise<ScoringProgress | null> =>
    client
      .withDeadline(Date.now() + queryDeadline, () => handle.query<ScoringProgress>('progress'))
      .then((answer) => decryptedAnswer(answer, `the progress of scoring ${run}`))
      .catch((error: unknown) => {
        if (error instanceof InputFault) throw error;
        return null;
      });
  const answer = await ask();
  const description = await handle.describe();
  const status = description.status.name;
  const over = status !== 'RUNNING';
  const isLast = answer !== null && isOver(answer.state);
  const progress = (over && !isLast ? await ask() : answer) ?? nothingKnown;
  const end = description.closeTime ?? new Date();
  return {
    ...progress,
    score: run,
    state: over ? endStateOf(status) : progress.state,
    elapsedSeconds: Math.max(0, (end.getTime() - description.startTime.getTime()) / 1000),
    failure: over && status !== 'COMPLETED' && status !== 'CANCELLED' ? await failureOf(handle) : null,
  };
}

/** Shows a scoring until it is over, or until `signal` aborts; null then. */
export async function watchScore(
  client: Client,
  found: FoundRun,
  display: ScoreDisplay,
  signal: AbortSignal,
): Promise<ScoreView | null> {
  while (!signal.aborted) {
    const view = await observeScore(client, found);
    display.update(view);
    if (isOver(view.state)) return view;
    await sleep(interval, undefined, { signal }).catch(() => undefined);
  }
  return null;
}

export function isOver(state: ScoringProgress['state']): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}

function endStateOf(status: string): ScoringProgress['state'] {
  if (status === 'COMPLETED') return 'completed';
  return status === 'CANCELLED' || status === 'TERMINATED' ? 'cancelled' : 'failed';
}

async function failureOf(handle: FoundRun['handle']): Promise<string | null> {
  try {
    await handle.result();
    return null;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return rootCause(error);
  }
}
