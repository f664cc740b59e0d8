import type { FoldHeartbeat } from '../../activities/contracts.js';
import type { MemberProgress, Progress, RunState } from '../../workflows/progress.js';

/** An activity that the server holds as pending: what the workflow itself cannot see. */
export interface LiveActivity {
  readonly activityId: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly phase: 'queued' | 'running' | 'paused' | 'cancelling';
  /** Null before the first heartbeat, and for activities that send none. */
  readonly heartbeat: FoldHeartbeat | null;
  /** Why the attempt before this one ended. */
  readonly lastFailure: string | null;
}

/** One moment of a run, as `run`, `watch` and `status` show it. */
export interface RunView {
  readonly progress: Progress;
  readonly live: readonly LiveActivity[];
  /** Since the run was started. */
  readonly elapsedSeconds: number;
}

/** A fold (or another member of a matrix) with everything known of it. */
export interface MemberView extends MemberProgress {
  readonly live: LiveActivity | null;
  /** Share of the optimizer steps done, 0 … 1; null where it is not known. */
  readonly share: number | null;
  readonly secondsLeft: number | null;
}

/** States in which nothing more happens to a run by itself or by update. */
export function isOver(state: RunState): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}

export function memberView(member: MemberProgress, live: readonly LiveActivity[]): MemberView {
  const pending = live.find(({ activityId }) => activityId === member.activityId) ?? null;
  const heartbeat = pending?.heartbeat == null ? null : caughtUp(pending.heartbeat, member);
  const activity = pending === null ? null : { ...pending, heartbeat };
  return { ...member, live: activity, ...pace(member, heartbeat) };
}

/** Heartbeats are throttled; the end of an epoch is heard of at once. */
function caughtUp(heartbeat: FoldHeartbeat, { epochs }: MemberProgress): FoldHeartbeat {
  const last = epochs.at(-1);
  if (last === undefined || heartbeat.epoch > last.epoch) return heartbeat;
  const step = Math.max(heartbeat.step, Math.round((last.epoch * heartbeat.steps) / heartbeat.epochs));
  return { ...heartbeat, epoch: Math.min(last.epoch + 1, heartbeat.epochs), step, loss: last.trainLoss };
}

function pace(
  { state }: MemberProgress,
  heartbeat: FoldHeartbeat | null,
): Pick<MemberView, 'share' | 'secondsLeft'> {
  if (state === 'completed' || state === 'reused') return { share: 1, secondsLeft: null };
  if (heartbeat === null || heartbeat.steps === 0) return { share: null, secondsLeft: null };
  const share = heartbeat.step / heartbeat.steps;
  const left = (1 - share) * heartbeat.steps * heartbeat.secondsPerStep;
  return { share, secondsLeft: Number.isFinite(left) ? left : null };
}
