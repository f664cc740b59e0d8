import { ScheduleOverlapPolicy, type ScheduleHandle, type ScheduleOptions } from '@temporalio/client';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { createdScheduleSchema, scheduleChangeSchema, scheduleListSchema } from '../facts/schedules.js';
import { pipelineToStart } from '../input/pipeline-to-start.js';
import type { CheckOption, GlobalOptions, JsonOption, PipelineArguments } from '../options.js';
import { workflowQueue } from '../../pipeline/task-queues.js';
import { summaryOf } from '../runs/start-run.js';
import type { OverlapPolicy, ScheduleChange } from '../schedules/options.js';
import { createSchedule, listSchedules } from '../schedules/schedules.js';
import {
  scheduleIdOf,
  scoreRequest,
  scoreSummaryOf,
  type ScoreArguments,
  type ScoreRequest,
} from '../scoring/score-request.js';
import { printJson, type Console } from '../terminal/console.js';
import { oneLine } from '../terminal/layout.js';
import { tableLines } from '../terminal/table.js';
import type { Action } from '../when-run.js';
import { withServer } from '../with-server.js';
import { workdirAt } from '../workdir.js';

/** When something is started, and what becomes of what is late. */
interface TimesOptions extends GlobalOptions, JsonOption {
  readonly cron: string;
  readonly id?: string;
  readonly timezone: string;
  readonly overlap: OverlapPolicy;
  /** Minutes. */
  readonly catchup: number;
}

interface PipelineScheduleOptions extends TimesOptions, PipelineArguments, CheckOption {}

interface ScoreScheduleOptions extends TimesOptions, ScoreArguments {}

const overlaps: Readonly<Record<OverlapPolicy, ScheduleOverlapPolicy>> = {
  skip: ScheduleOverlapPolicy.SKIP,
  'buffer-one': ScheduleOverlapPolicy.BUFFER_ONE,
  'cancel-other': ScheduleOverlapPolicy.CANCEL_OTHER,
};

const changes: Readonly<
  Record<ScheduleChange, readonly [told: string, work: (schedule: ScheduleHandle) => Promise<void>]>
> = {
  trigger: [
    'triggered: `foldwise schedule list` names the run that it started',
    (schedule) => schedule.trigger(),
  ],
  pause: ['paused', (schedule) => schedule.pause()],
  resume: ['resumed', (schedule) => schedule.unpause()],
  delete: ['deleted; its runs stay', (schedule) => schedule.delete()],
};

/** `foldwise schedule create`. */
export async function schedulePipeline(
  console: Console,
  options: PipelineScheduleOptions,
  file: string,
): Promise<void> {
  const pipeline = await pipelineToStart(file, options);
  await createAndTell(console, scheduleOf(pipeline, options), options);
}

/** `foldwise schedule score`. */
export async function scheduleScore(
  console: Console,
  options: ScoreScheduleOptions,
  run: string,
  table: string,
): Promise<void> {
  const request = await scoreRequest(run, table, options, workdirAt(options.workdir));
  await createAndTell(console, scoreScheduleOf(request, options), options);
}

async function createAndTell(
  console: Console,
  schedule: ScheduleOptions,
  options: TimesOptions,
): Promise<void> {
  const { cron, timezone } = options;
  const { id, created, next } = await withServer(options, ({ client }) => createSchedule(client, schedule));
  if (options.json === true)
    return printJson(console, createdScheduleSchema, { id, created, cron, timezone, next });
  console.print(
    `${created ? 'created' : 'brought up to date'}: schedule ${oneLine(id)}, ${cron} (${timezone})`,
  );
  console.print(`next run: ${next ?? 'none'}`);
}

function scoreScheduleOf(request: ScoreRequest, options: ScoreScheduleOptions): ScheduleOptions {
  const id = options.id ?? scheduleIdOf(request);
  return {
    scheduleId: id,
    action: {
      type: 'startWorkflow',
      workflowType: 'score',
      workflowId: workflowIdOf(id),
      taskQueue: workflowQueue,
      args: [request.input],
      ...scoreSummaryOf(request),
    },
    ...timesOf(options),
  };
}

/**
 * To which the server adds the time: of two schedules that start the same workflow at the same time it would
 * leave out one without a word.
 */
function workflowIdOf(scheduleId: string): string {
  return `${scheduleId}-scheduled`;
}

function timesOf({
  cron,
  timezone,
  overlap,
  catchup,
}: TimesOptions): Pick<ScheduleOptions, 'spec' | 'policies'> {
  return {
    spec: { cronExpressions: [cron], timezone },
    policies: { overlap: overlaps[overlap], catchupWindow: catchup * 60_000 },
  };
}

function scheduleOf(pipeline: Pipeline, options: PipelineScheduleOptions): ScheduleOptions {
  const id = options.id ?? pipeline.name;
  return {
    scheduleId: id,
    action: {
      type: 'startWorkflow',
      workflowType: 'pipeline',
      workflowId: workflowIdOf(id),
      taskQueue: workflowQueue,
      args: [{ pipeline }],
      ...summaryOf(pipeline),
    },
    ...timesOf(options),
  };
}

export async function list(console: Console, options: GlobalOptions & JsonOption): Promise<void> {
  const found = await withServer(options, listSchedules);
  if (options.json === true) return printJson(console, scheduleListSchema, found);
  if (found.length === 0) return console.print('no schedules');
  const rows = found.map(({ id, paused, next, lastRun }) => [
    oneLine(id),
    paused ? 'paused' : 'active',
    next ?? '–',
    lastRun ?? '–',
  ]);
  const head = ['schedule', 'state', 'next run', 'last run'];
  for (const line of tableLines([head, ...rows], 'left')) console.print(line);
}

/** What is done to a schedule by its id, and how it is told. */
export function change(name: ScheduleChange): Action<GlobalOptions & JsonOption, [id: string]> {
  const [told, work] = changes[name];
  return async (console, options, id) => {
    await withServer(options, async ({ client }) => work(client.schedule.getHandle(id)));
    if (options.json === true) printJson(console, scheduleChangeSchema, { id, done: name });
    else console.print(`schedule ${oneLine(id)}: ${told}`);
  };
}
