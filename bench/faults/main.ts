import { Command, InvalidArgumentError } from 'commander';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { positiveInteger } from '../../cli/options.js';
import { Fault } from '../../errors/fault.js';
import { campaign } from './campaign.js';
import { Dice } from '../dice.js';
import { hasProcessTable } from './process-table.js';
import { matrix, miniLm, quickstart, tiny, type Subject } from './subject.js';
import type { Summary } from './summary.js';
import { tableOf } from './table.js';

interface Arguments {
  readonly kills: number;
  readonly pipeline: string;
  readonly checkpointEvery?: number;
  readonly seed: number;
  readonly json?: boolean;
}

const choices = ['tiny', 'quickstart', 'matrix', 'minilm', 'both'];
const say = (message: string): void => console.error(message);

async function main(options: Arguments): Promise<void> {
  if (!hasProcessTable) return say('Skipped: this campaign finds processes in /proc, so it needs Linux.');
  const folder = mkdtempSync(join(tmpdir(), 'foldwise-faults-'));
  const dice = new Dice(options.seed);
  const subjects = subjectsOf(options, folder);
  const summaries: Summary[] = [];
  for (const [index, subject] of subjects.entries()) {
    const faults = Math.ceil((options.kills - summaries.reduce(addFaults, 0)) / (subjects.length - index));
    summaries.push(await campaign(subject, { folder, dice, faults, onMessage: say }));
    if (options.json !== true) console.log(tableOf(summaries[index]!));
  }
  if (options.json === true) console.log(JSON.stringify({ seed: options.seed, subjects: summaries }));
  const failed = summaries.some(({ violations }) => violations.length > 0);
  if (failed) say(`What it left is in ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
  process.exitCode = failed ? 1 : 0;
}

function addFaults(sum: number, { faultCount }: Summary): number {
  return sum + faultCount;
}

function subjectsOf({ pipeline, checkpointEvery }: Arguments, folder: string): Subject[] {
  const chosen: Subject[] = [];
  if (pipeline === 'tiny') chosen.push(tiny());
  if (pipeline === 'quickstart' || pipeline === 'both') chosen.push(quickstart());
  if (pipeline === 'matrix') chosen.push(matrix());
  if (pipeline === 'minilm' || pipeline === 'both') {
    const subject = miniLm(join(folder, 'tables'));
    if (subject === null) say('minilm is skipped: its texts and its model are not in ../shared.');
    else chosen.push(subject);
  }
  return chosen.map((subject) => (checkpointEvery === undefined ? subject : { ...subject, checkpointEvery }));
}

function choice(text: string): string {
  if (choices.includes(text)) return text;
  throw new InvalidArgumentError(`It must be one of ${choices.join(', ')}.`);
}

function seconds(text: string): number {
  const value = Number(text);
  if (value >= 0 && Number.isFinite(value) && text !== '') return value;
  throw new InvalidArgumentError('It must be a number of seconds.');
}

const program = new Command('faults')
  .description(
    'Runs a pipeline while trainers, workers and server are killed, stopped and paused at random moments, and compares what it gives with an undisturbed run, bit by bit.',
  )
  .option('--kills <number>', 'faults, over as many runs as they take', positiveInteger, 100)
  .option('--pipeline <name>', choices.join(', '), choice, 'both')
  .option(
    '--checkpoint-every <seconds>',
    'seconds between checkpoints in the disturbed runs (default: 1, and 5 for minilm)',
    seconds,
  )
  .option('--seed <number>', 'of the moments, kinds and victims', positiveInteger, 1)
  .option('--json', 'print the facts as JSON')
  .action(main);
try {
  await program.parseAsync(process.argv);
} catch (error) {
  say(
    error instanceof Fault ? `error: ${error.message}` : String(error instanceof Error ? error.stack : error),
  );
  process.exitCode = 1;
}
