import { ScheduleOverlapPolicy, type Client, type ScheduleOptions } from '@temporalio/client';
import { Option, type Command } from 'commander';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { createdScheduleSchema, scheduleChangeSchema, scheduleListSchema } from '../facts/schedules.js';
import { pipelineToStart } from '../input/pipeline-to-start.js';
import {
  positiveInteger,
  printsJson,
  takesNoCheck,
  takesPipeline,
  type CheckOption,
  type GlobalOptions,
  type JsonOption,
  type PipelineArguments,
} from '../options.js';
import { mainQueue, summaryOf } from '../runs/start-run.js';
import { checkedCron, checkedTimeZone } from '../schedules/cron.js';
import { createSchedule, listSchedules } from '../schedules/schedules.js';
import { printJson, type Console } from '../terminal/console.js';
import { oneLine } from '../terminal/layout.js';
import { tableLines } from '../terminal/table.js';
import { withServer } from '../with-server.js';

interface CreateArguments extends PipelineArguments, JsonOption, CheckOption {
  readonly cron: string;
  readonly id?: string;
  readonly timezone: string;
  readonly overlap: keyof typeof overlaps;
  /** Minutes. */
  readonly catchup: number;
}

/** What to do when a run is due while the one before still goes on. */
const overlaps = {
  skip: ScheduleOverlapPolicy.SKIP,
  'buffer-one': ScheduleOverlapPolicy.BUFFER_ONE,
  'cancel-other': ScheduleOverlapPolicy.CANCEL_OTHER,
} as const;

/** What is done to a schedule by its id, with its summary and how it is told. */
const changes = {
  trigger: [
    'start a run of a schedule now',
    'triggered: `foldwise schedule list` names the run that it started',
    (client: Client, id: string) => client.schedule.getHandle(id).trigger(),
  ],
  pause: [
    'start no more runs until it is resumed',
    'paused',
    (client: Client, id: string) => client.schedule.getHandle(id).pause(),
  ],
  resume: [
    'go on after a pause',
    'resumed',
    (client: Client, id: string) => client.schedule.getHandle(id).unpause(),
  ],
  delete: [
    'remove a schedule; its runs stay',
    'deleted; its runs stay',
    (client: Client, id: string) => client.schedule.getHandle(id).delete(),
  ],
} as const;

/** `foldwise schedule …`: runs by the clock. */
export function addSchedule(program: Command, console: Console): void {
  const schedule = program
    .command('schedule')
    .summary('run a pipeline by the clock')
    .description('Creates, lists, triggers, pauses and deletes schedules of pipelines.');
  addCreate(schedule, console);
  addList(schedule, console);
  for (const name of Object.keys(changes) as (keyof typeof changes)[]) addChange(schedule, name, console);
}

function addCreate(schedule: Command, console: Console): void {
  takesNoCheck(printsJson(takesPipeline(schedule.command('create'))))
    .summary('create a schedule, or bring one up to date')
    .description(
      'Creates a schedule that runs a pipeline. A schedule of that id that is there already gets the new times and the new pipeline, and keeps the pause that somebody set. A run whose data did not change reuses what the run before it trained.',
    )
    .requiredOption('--cron <expression>', 'when, as in "0 3 * * 1" for Mondays at three', checkedCron)
    .option('--id <id>', "the schedule's id (default: the pipeline's name)")
    .option('--timezone <name>', 'the time zone of --cron, as in Europe/Berlin', checkedTimeZone, 'UTC')
    .addOption(
      new Option('--overlap <policy>', 'what to do while the run before still goes on')
        .choices(Object.keys(overlaps))
        .default('skip'),
    )
    .option('--catchup <minutes>', 'how late a run that was missed may still start', positiveInteger, 60)
    .action(async (file: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CreateArguments>();
      const { cron, timezone } = options;
      const pipeline = await pipelineToStart(file, options);
      const { id, created, next } = await withServer(options, ({ client }) =>
        createSchedule(client, scheduleOf(pipeline, options)),
      );
      if (options.json === true)
        return printJson(console, createdScheduleSchema, { id, created, cron, timezone, next });
      console.print(
        `${created ? 'created' : 'brought up to date'}: schedule ${oneLine(id)}, ${cron} (${timezone})`,
      );
      console.print(`next run: ${next ?? 'none'}`);
    });
}

function scheduleOf(
  pipeline: Pipeline,
  { id, cron, timezone, overlap, catchup }: CreateArguments,
): ScheduleOptions {
  return {
    scheduleId: id ?? pipeline.name,
    spec: { cronExpressions: [cron], timezone },
    action: {
      type: 'startWorkflow',
      workflowType: 'pipeline',
      workflowId: `${pipeline.name}-scheduled`,
      taskQueue: mainQueue,
      args: [{ pipeline }],
      ...summaryOf(pipeline),
    },
    policies: { overlap: overlaps[overlap], catchupWindow: catchup * 60_000 },
  };
}

function addList(schedule: Command, console: Console): void {
  printsJson(schedule.command('list'))
    .summary('list the schedules of pipelines')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & JsonOption>();
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
    });
}

function addChange(schedule: Command, name: keyof typeof changes, console: Console): void {
  const [summary, told, work] = changes[name];
  printsJson(schedule.command(name))
    .argument('<id>', "the schedule's id")
    .summary(summary)
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & JsonOption>();
      await withServer(options, async ({ client }) => work(client, id));
      if (options.json === true) printJson(console, scheduleChangeSchema, { id, done: name });
      else console.print(`schedule ${oneLine(id)}: ${told}`);
    });
}
