import { Command, InvalidArgumentError } from 'commander';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { positiveInteger } from '../../cli/options.js';
import { campaign, type Summary } from './campaign.js';
import { makeInput } from './read-input.js';
import { tableOf } from './table.js';
import type { FuzzTarget } from './target.js';
import { targets } from './targets/index.js';

interface Arguments {
  readonly inputs: number;
  readonly target: readonly FuzzTarget[];
  readonly seed: number;
  readonly first: number;
  readonly jobs: number;
  readonly out?: string;
  readonly print?: number;
  readonly json?: boolean;
}

async function main({ inputs, target, seed, first, jobs, out, print, json }: Arguments): Promise<void> {
  const chosen = target.length === 0 ? targets : target;
  if (print !== undefined) return writeFileSync(1, makeInput(chosen[0]!, { seed, index: print }));
  const each = Math.ceil(inputs / chosen.length);
  const summaries: Summary[] = [];
  for (const one of chosen) {
    console.error(`${one.name}: ${each} inputs`);
    summaries.push(
      await campaign(one, { seed, inputs: each, first, jobs, ...(out === undefined ? {} : { out }) }),
    );
  }
  console.log(json === true ? JSON.stringify({ seed, targets: summaries }) : tableOf(summaries, seed));
  if (summaries.some(({ found }) => found.length > 0)) process.exitCode = 1;
}

function targetNamed(name: string, former: readonly FuzzTarget[]): FuzzTarget[] {
  const found = targets.find((target) => target.name === name);
  if (found !== undefined) return [...former, found];
  throw new InvalidArgumentError(`It must be one of ${targets.map((target) => target.name).join(', ')}.`);
}

function index(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}

await new Command('fuzz')
  .description(
    'Reads generated inputs, most of them broken, with everything of foldwise that reads foreign bytes, and counts what was accepted, refused, crashed, hung or took too much memory.',
  )
  .option('--inputs <number>', 'inputs, over all targets', positiveInteger, 20_000)
  .option('--target <name>', 'only this one; may be repeated', targetNamed, [])
  .option('--seed <number>', 'of all inputs', positiveInteger, 1)
  .option('--first <index>', "the first of each target's inputs", index, 0)
  .option('--jobs <number>', 'processes side by side', positiveInteger, availableParallelism())
  .option('--out <folder>', 'keep the inputs and what became of them, for the comparison with a reference')
  .option('--print <index>', 'write one input to standard output and read nothing', index)
  .option('--json', 'print the facts as JSON')
  .action(main)
  .parseAsync(process.argv);
