import type { FoldHeartbeat } from '../../activities/contracts.js';
import type { CellProgress, Progress, RunState, StepProgress, StepState } from '../../workflows/progress.js';
import type { LastAttempt } from './last-attempt.js';

/** An activity that the server holds as pending: what the workflow itself cannot see. */
export interface LiveActivity extends LastAttempt {
  readonly activityId: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly phase: 'queued' | 'running' | 'paused' | 'cancelling';
  /** Null before the first heartbeat, and for activities that send none. */
  readonly heartbeat: FoldHeartbeat | null;
}

/** As the workflow has it, and `queued` for what waits until a worker is free. */
export type ShownState = StepState | 'queued';

export interface ShownCell extends Omit<CellProgress, 'state'> {
  readonly state: ShownState;
}

export interface ShownStep extends Omit<StepProgress, 'state' | 'cells' | 'activityId'> {
  readonly state: ShownState;
  readonly cells: readonly ShownCell[];
}

export interface ShownProgress extends Omit<Progress, 'steps'> {
  readonly steps: readonly ShownStep[];
}

/** One moment of a run, as `run`, `watch` and `status` show it. */
export interface RunView {
  readonly progress: ShownProgress;
  readonly live: readonly LiveActivity[];
  /** Since the run was started. */
  readonly elapsedSeconds: number;
  /** Why the run failed, or by whose reason it was terminated; null where neither is so. */
  readonly failure: string | null;
}

/** A cell of a matrix with everything known of it. */
export interface CellView extends ShownCell {
  readonly live: LiveActivity | null;
  /** Share of the optimizer steps done, 0 … 1; null where it is not known. */
  readonly share: number | null;
  readonly secondsLeft: number | null;
}

/**
 * What the workflow says with what the server holds: to the workflow an activity runs from the moment that
 * it asks for it, also while no worker has taken it up.
 */
export function shownProgress(progress: Progress, live: readonly LiveActivity[]): ShownProgress {
  const queued = new Set(live.filter(({ phase }) => phase === 'queued').map(({ activityId }) => activityId));
  return { ...progress, steps: progress.steps.map((step) => shownStep(step, queued)) };
}

/** What a workflow says that has ended, also where it was terminated and could not say so: nothing goes on. */
export function endedProgress(progress: Progress): ShownProgress {
  const ended = <T extends { readonly state: StepState }>(part: T): T =>
    part.state === 'running' ? { ...part, state: 'pending' } : part;
  const steps = progress.steps.map((step) => ({ ...ended(step), cells: step.cells.map(ended) }));
  return { ...progress, waitingFor: null, steps };
}

function shownStep({ activityId, ...step }: StepProgress, queued: ReadonlySet<string>): ShownStep {
  const cells = step.cells.map((cell): ShownCell => {
    const waits = cell.state === 'running' && queued.has(cell.activityId);
    return waits ? { ...cell, state: 'queued' } : cell;
  });
  const plain = activityId ?? step.step;
  const waits =
    cells.length > 0
      ? cells.every(({ state }) => state === 'queued' || state === 'pending')
      : [...queued].some((id) => id === plain || id.startsWith(`${step.step}-retry-`));
  return { ...step, cells, state: step.state === 'running' && waits ? 'queued' : step.state };
}

/** States in which nothing more happens to a run by itself or by update. */
export function isOver(state: RunState): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}

export function cellView(cell: ShownCell, live: readonly LiveActivity[]): CellView {
  const pending = live.find(({ activityId }) => activityId === cell.activityId) ?? null;
  const heartbeat = pending?.heartbeat == null ? null : caughtUp(pending.heartbeat, cell);
  const activity = pending === null ? null : { ...pending, heartbeat };
  return { ...cell, live: activity, ...pace(cell, heartbeat) };
}

/** Heartbeats are throttled; the end of an epoch is heard of at once. */
function caughtUp(heartbeat: FoldHeartbeat, { epochs }: ShownCell): FoldHeartbeat {
  const last = epochs.at(-1);
  if (last === undefined || heartbeat.epoch > last.epoch) return heartbeat;
  const step = Math.max(heartbeat.step, Math.round((last.epoch * heartbeat.steps) / heartbeat.epochs));
  return { ...heartbeat, epoch: Math.min(last.epoch + 1, heartbeat.epochs), step, loss: last.trainLoss };
}

function pace(
  { state }: ShownCell,
  heartbeat: FoldHeartbeat | null,
): Pick<CellView, 'share' | 'secondsLeft'> {
  if (state === 'completed' || state === 'reused') return { share: 1, secondsLeft: null };
  if (heartbeat === null || heartbeat.steps === 0) return { share: null, secondsLeft: null };
  const share = heartbeat.step / heartbeat.steps;
  const left = (1 - share) * heartbeat.steps * heartbeat.secondsPerStep;
  return { share, secondsLeft: Number.isFinite(left) ? left : null };
}
