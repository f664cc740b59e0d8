import {
  ScheduleAlreadyRunning,
  type Client,
  type ScheduleOptions,
  type ScheduleSummary,
} from '@temporalio/client';
import type { ServerLink } from '../connection.js';
import { runOf } from '../runs/find-run.js';

/** A schedule as a listing shows it. */
export interface ListedSchedule {
  readonly id: string;
  /** The workflow type that it starts. */
  readonly starts: 'pipeline' | 'score';
  readonly paused: boolean;
  /** When it starts a run next. */
  readonly next: string | null;
  /** The run that it started last. */
  readonly lastRun: string | null;
}

/** Creates the schedule, or replaces all of it but its state, in which a pause is kept. */
export async function createSchedule(
  client: Client,
  { scheduleId, spec, action, policies }: ScheduleOptions,
): Promise<{ readonly id: string; readonly created: boolean; readonly next: string | null }> {
  const changes = { spec, action, ...(policies === undefined ? {} : { policies }) };
  const handle = client.schedule.getHandle(scheduleId);
  const created = await client.schedule.create({ scheduleId, ...changes }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof ScheduleAlreadyRunning) return false;
      throw error;
    },
  );
  if (!created) await handle.update(({ state }) => ({ ...changes, state }));
  const { info } = await handle.describe();
  return { id: scheduleId, created, next: info.nextActionTimes[0]?.toISOString() ?? null };
}

/** The schedules of pipelines and of scorings in a namespace. */
export async function listSchedules({ client }: Pick<ServerLink, 'client'>): Promise<ListedSchedule[]> {
  const found: ListedSchedule[] = [];
  for await (const summary of client.schedule.list()) {
    const { scheduleId, state, action, info } = summary;
    if (action?.workflowType !== 'pipeline' && action?.workflowType !== 'score') continue;
    const next = state.paused ? null : (info.nextActionTimes[0]?.toISOString() ?? null);
    found.push({
      id: scheduleId,
      starts: action.workflowType,
      paused: state.paused,
      next,
      lastRun: lastRunOf(summary),
    });
  }
  return found;
}

function lastRunOf({ info }: ScheduleSummary): string | null {
  const last = info.recentActions.at(-1)?.action.workflow;
  if (last === undefined) return null;
  return runOf({ workflowId: last.workflowId, runId: last.firstExecutionRunId });
}
