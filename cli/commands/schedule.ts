import {
  ScheduleAlreadyRunning,
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleOptions,
} from '@temporalio/client';
import { Option, type Command } from 'commander';
import { readPipeline } from '../../pipeline/load.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import {
  positiveInteger,
  printsJson,
  takesPipeline,
  type GlobalOptions,
  type JsonOption,
  type PipelineArguments,
} from '../options.js';
import { mainQueue, summaryOf } from '../runs/start-run.js';
import { printJson, type Console } from '../terminal/console.js';
import { oneLine } from '../terminal/layout.js';
import { tableLines } from '../terminal/table.js';
import { withServer } from '../with-server.js';

interface CreateArguments extends PipelineArguments {
  readonly cron: string;
  readonly id?: string;
  readonly timezone?: string;
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

/** `foldwise schedule …`: runs by the clock. */
export function addSchedule(program: Command, console: Console): void {
  const schedule = program
    .command('schedule')
    .summary('run a pipeline by the clock')
    .description('Creates, lists, triggers, pauses and deletes schedules of pipelines.');
  addCreate(schedule, console);
  addList(schedule, console);
  addById(
    schedule,
    'trigger',
    'start a run of a schedule now',
    (client, id) => client.schedule.getHandle(id).trigger(),
    console,
  );
  addById(
    schedule,
    'pause',
    'start no more runs until it is resumed',
    (client, id) => client.schedule.getHandle(id).pause(),
    console,
  );
  addById(
    schedule,
    'resume',
    'go on after a pause',
    (client, id) => client.schedule.getHandle(id).unpause(),
    console,
  );
  addById(
    schedule,
    'delete',
    'remove a schedule; its runs stay',
    (client, id) => client.schedule.getHandle(id).delete(),
    console,
  );
}

function addCreate(schedule: Command, console: Console): void {
  takesPipeline(schedule.command('create'))
    .summary('create a schedule, or bring one up to date')
    .description(
      'Creates a schedule that runs a pipeline. A schedule of that id that is there already gets the new times and the new pipeline, and keeps the pause that somebody set. A run whose data did not change reuses what the run before it trained.',
    )
    .requiredOption('--cron <expression>', 'when, as in "0 3 * * 1" for Mondays at three')
    .option('--id <id>', "the schedule's id (default: the pipeline's name)")
    .option('--timezone <name>', 'the time zone of --cron, as in Europe/Berlin (default: UTC)')
    .addOption(
      new Option('--overlap <policy>', 'what to do while the run before still goes on')
        .choices(Object.keys(overlaps))
        .default('skip'),
    )
    .option('--catchup <minutes>', 'how late a run that was missed may still start', positiveInteger, 60)
    .action(async (file: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CreateArguments>();
      const pipeline = readPipeline(file, { overrides: options.set ?? {} });
      await withServer(options, async ({ client }) => {
        const { id, created } = await createSchedule(client, scheduleOf(pipeline, options));
        console.print(`${created ? 'created' : 'brought up to date'}: schedule ${id}, ${options.cron}`);
      });
    });
}

function scheduleOf(pipeline: Pipeline, options: CreateArguments): ScheduleOptions {
  const { timezone, catchup } = options;
  return {
    scheduleId: options.id ?? pipeline.name,
    spec: { cronExpressions: [options.cron], ...(timezone === undefined ? {} : { timezone }) },
    action: {
      type: 'startWorkflow',
      workflowType: 'pipeline',
      workflowId: `${pipeline.name}-scheduled`,
      taskQueue: mainQueue,
      args: [{ pipeline }],
      ...summaryOf(pipeline),
    },
    policies: {
      overlap: overlaps[options.overlap],
      catchupWindow: catchup * 60_000,
    },
  };
}

/** Creates the schedule, or replaces all of it but its state, in which a pause is kept. */
export async function createSchedule(
  client: Client,
  { scheduleId, spec, action, policies }: ScheduleOptions,
): Promise<{ readonly id: string; readonly created: boolean }> {
  const changes = { spec, action, ...(policies === undefined ? {} : { policies }) };
  try {
    await client.schedule.create({ scheduleId, ...changes });
    return { id: scheduleId, created: true };
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
  const handle = client.schedule.getHandle(scheduleId);
  await handle.update(({ state }) => ({ ...changes, state }));
  return { id: scheduleId, created: false };
}

function addList(schedule: Command, console: Console): void {
  printsJson(schedule.command('list'))
    .summary('list the schedules of pipelines')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & JsonOption>();
      const found = await withServer(options, ({ client }) => listSchedules(client));
      if (options.json === true) return printJson(console, found);
      const rows = found.map(({ id, paused, next }) => [
        oneLine(id),
        paused ? 'paused' : 'active',
        next ?? '',
      ]);
      for (const line of tableLines([['schedule', 'state', 'next run'], ...rows])) console.print(line);
    });
}

async function listSchedules(
  client: Client,
): Promise<{ id: string; paused: boolean; next: string | null }[]> {
  const found = [];
  for await (const { scheduleId, state, action, info } of client.schedule.list()) {
    if (action?.workflowType !== 'pipeline') continue;
    const next = info.nextActionTimes[0]?.toISOString() ?? null;
    found.push({ id: scheduleId, paused: state.paused, next });
  }
  return found;
}

function addById(
  schedule: Command,
  name: string,
  summary: string,
  work: (client: Client, id: string) => Promise<unknown>,
  console: Console,
): void {
  schedule
    .command(name)
    .argument('<id>', "the schedule's id")
    .summary(summary)
    .action(async (id: string, _options: unknown, command: Command) => {
      await withServer(command.optsWithGlobals<GlobalOptions>(), ({ client }) => work(client, id));
      console.print(`schedule ${id}: ${name} done`);
    });
}
