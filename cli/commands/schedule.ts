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
  takesRun,
  type CheckOption,
  type GlobalOptions,
  type JsonOption,
  type PipelineArguments,
} from '../options.js';
import { mainQueue, summaryOf } from '../runs/start-run.js';
import { checkedCron, checkedTimeZone } from '../schedules/cron.js';
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
import { takesScoreOptions } from './score.js';
import { withServer } from '../with-server.js';
import { workdirAt } from '../workdir.js';

/** When something is started, and what becomes of what is late. */
interface TimesArguments extends GlobalOptions, JsonOption {
  readonly cron: string;
  readonly id?: string;
  readonly timezone: string;
  readonly overlap: keyof typeof overlaps;
  /** Minutes. */
  readonly catchup: number;
}

interface CreateArguments extends TimesArguments, PipelineArguments, CheckOption {}

interface ScoreCreateArguments extends TimesArguments, ScoreArguments {}

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
    .summary('run a pipeline, or score a table, by the clock')
    .description('Creates, lists, triggers, pauses and deletes schedules of pipelines and of scorings.');
  addCreate(schedule, console);
  addScoreCreate(schedule, console);
  addList(schedule, console);
  for (const name of Object.keys(changes) as (keyof typeof changes)[]) addChange(schedule, name, console);
}

function addCreate(schedule: Command, console: Console): void {
  const create = takesNoCheck(printsJson(takesPipeline(schedule.command('create'))));
  takesTimes(create, "the schedule's id (default: the pipeline's name)")
    .summary('create a schedule, or bring one up to date')
    .description(
      'Creates a schedule that runs a pipeline. A schedule of that id that is there already gets the new times and the new pipeline, and keeps the pause that somebody set. A run whose data did not change reuses what the run before it trained.',
    )
    .action(async (file: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CreateArguments>();
      const pipeline = await pipelineToStart(file, options);
      await createAndTell(console, scheduleOf(pipeline, options), options);
    });
}

function addScoreCreate(schedule: Command, console: Console): void {
  const create = takesScoreOptions(printsJson(takesRun(schedule.command('score'))));
  takesTimes(create, "the schedule's id (default: score- and the table's name)")
    .argument('<table>', 'the texts, which are read anew each time')
    .summary('create a schedule that scores a table, or bring one up to date')
    .description(
      'Creates a schedule that scores a table by the ensemble of a completed run or of an exported folder. Rows that were scored before, and stand in the table as they did, are not scored again. Each scoring has a name of its own, below scores/, and says what drifted.',
    )
    .action(async (run: string, table: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ScoreCreateArguments>();
      const request = await scoreRequest(run, table, options, workdirAt(options.workdir));
      await createAndTell(console, scoreScheduleOf(request, options), options);
    });
}

/** Adds what is said of the times. @param id what it is for, in words */
function takesTimes(command: Command, id: string): Command {
  return command
    .requiredOption('--cron <expression>', 'when, as in "0 3 * * 1" for Mondays at three', checkedCron)
    .option('--id <id>', id)
    .option('--timezone <name>', 'the time zone of --cron, as in Europe/Berlin', checkedTimeZone, 'UTC')
    .addOption(
      new Option('--overlap <policy>', 'what to do while the run before still goes on')
        .choices(Object.keys(overlaps))
        .default('skip'),
    )
    .option('--catchup <minutes>', 'how late a run that was missed may still start', positiveInteger, 60);
}

async function createAndTell(
  console: Console,
  schedule: ScheduleOptions,
  options: TimesArguments,
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

function scoreScheduleOf(request: ScoreRequest, options: ScoreCreateArguments): ScheduleOptions {
  const id = options.id ?? scheduleIdOf(request);
  return {
    scheduleId: id,
    action: {
      type: 'startWorkflow',
      workflowType: 'score',
      workflowId: `${id}-scheduled`,
      taskQueue: mainQueue,
      args: [request.input],
      ...scoreSummaryOf(request),
    },
    ...timesOf(options),
  };
}

function timesOf({
  cron,
  timezone,
  overlap,
  catchup,
}: TimesArguments): Pick<ScheduleOptions, 'spec' | 'policies'> {
  return {
    spec: { cronExpressions: [cron], timezone },
    policies: { overlap: overlaps[overlap], catchupWindow: catchup * 60_000 },
  };
}

function scheduleOf(pipeline: Pipeline, options: CreateArguments): ScheduleOptions {
  return {
    scheduleId: options.id ?? pipeline.name,
    action: {
      type: 'startWorkflow',
      workflowType: 'pipeline',
      workflowId: `${pipeline.name}-scheduled`,
      taskQueue: mainQueue,
      args: [{ pipeline }],
      ...summaryOf(pipeline),
    },
    ...timesOf(options),
  };
}

function addList(schedule: Command, console: Console): void {
  printsJson(schedule.command('list'))
    .summary('list the schedules of pipelines and of scorings')
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
