import { Option, type Command } from 'commander';
import { positiveInteger } from '../options.js';
import { checkedCron, checkedTimeZone } from './cron.js';

/** What is done to a schedule by its id, with its summary. */
export const scheduleChanges = {
  trigger: 'start a run of a schedule now',
  pause: 'start no more runs until it is resumed',
  resume: 'go on after a pause',
  delete: 'remove a schedule; its runs stay',
} as const;
export type ScheduleChange = keyof typeof scheduleChanges;

/** What to do when a run is due while the one before still goes on. */
const overlapPolicies = ['skip', 'buffer-one', 'cancel-other'] as const;
export type OverlapPolicy = (typeof overlapPolicies)[number];

/** Adds what is said of the times. @param id what it is for, in words */
export function takesTimes(command: Command, id: string): Command {
  return command
    .requiredOption('--cron <expression>', 'when, as in "0 3 * * 1" for Mondays at three', checkedCron)
    .option('--id <id>', id)
    .option('--timezone <name>', 'the time zone of --cron, as in Europe/Berlin', checkedTimeZone, 'UTC')
    .addOption(
      new Option('--overlap <policy>', 'what to do while the run before still goes on')
        .choices(overlapPolicies)
        .default('skip'),
    )
    .option('--catchup <minutes>', 'how late a run that was missed may still start', positiveInteger, 60);
}
