import type { Command } from 'commander';
import { printsJson, takesNoCheck, takesPipeline, takesRun } from '../options.js';
import { scheduleChanges, takesTimes, type ScheduleChange } from '../schedules/options.js';
import { takesScoreOptions } from '../scoring/options.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise schedule …`: runs by the clock. */
export function addSchedule(program: Command, console: Console): void {
  const schedule = program
    .command('schedule')
    .summary('run a pipeline, or score a table, by the clock')
    .description('Creates, lists, triggers, pauses and deletes schedules of pipelines and of scorings.');
  addCreate(schedule, console);
  addScore(schedule, console);
  addList(schedule, console);
  for (const name of Object.keys(scheduleChanges) as ScheduleChange[]) addChange(schedule, name, console);
}

function addCreate(schedule: Command, console: Console): void {
  const create = takesNoCheck(printsJson(takesPipeline(schedule.command('create'))));
  takesTimes(create, "the schedule's id (default: the pipeline's name)")
    .summary('create a schedule, or bring one up to date')
    .description(
      'Creates a schedule that runs a pipeline. A schedule of that id that is there already gets the new times and the new pipeline, and keeps the pause that somebody set. A run whose data did not change reuses what the run before it trained.',
    )
    .action(whenRun(console, async () => (await import('../actions/schedule.js')).schedulePipeline));
}

function addScore(schedule: Command, console: Console): void {
  const create = takesScoreOptions(printsJson(takesRun(schedule.command('score'))));
  takesTimes(create, "the schedule's id (default: score- and the table's name)")
    .argument('<table>', 'the texts, which are read anew each time')
    .summary('create a schedule that scores a table, or bring one up to date')
    .description(
      'Creates a schedule that scores a table by the ensemble of a completed run or of an exported folder. Rows that were scored before, and stand in the table as they did, are not scored again. Each scoring has a name of its own, below scores/, and says what drifted.',
    )
    .action(whenRun(console, async () => (await import('../actions/schedule.js')).scheduleScore));
}

function addList(schedule: Command, console: Console): void {
  printsJson(schedule.command('list'))
    .summary('list the schedules of pipelines and of scorings')
    .action(whenRun(console, async () => (await import('../actions/schedule.js')).list));
}

function addChange(schedule: Command, name: ScheduleChange, console: Console): void {
  printsJson(schedule.command(name))
    .argument('<id>', "the schedule's id")
    .summary(scheduleChanges[name])
    .action(whenRun(console, async () => (await import('../actions/schedule.js')).change(name)));
}
