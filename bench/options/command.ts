import { InvalidArgumentError, type Command } from 'commander';
import { InputFault } from '../../errors/fault.js';
import { measureOptions, type OptionsMeasurement } from './measure.js';
import { trials } from './trials.js';

interface OptionsOptions {
  readonly only?: readonly string[];
  readonly rows: number;
  readonly seeds: number;
  readonly workdir: string;
  readonly json?: true;
}

/** `options`: what the options of the training do to the score of the sample. */
export function addOptions(program: Command): void {
  program
    .command('options')
    .description('Trains the sample with each option of the training, and prints what it does to the score.')
    .option('--only <name...>', 'the options, as docs/options.md has them; default all')
    .option('--rows <n>', 'of the training table, the first ones', positive, 1200)
    .option('--seeds <n>', 'trainings of each option', positive, 3)
    .option(
      '--workdir <folder>',
      'keeps what was trained, so that it can be gone on with',
      '.foldwise-options',
    )
    .option('--json', 'print JSON')
    .action(async ({ only, rows, seeds, workdir, json }: OptionsOptions) => {
      const unknown = only?.filter((name) => !(name in trials)) ?? [];
      if (unknown.length > 0)
        throw new InputFault({
          where: '--only',
          what: 'this is none of the options that are tried',
          found: unknown.join(', '),
          expected: `of: ${Object.keys(trials).join('; ')}`,
        });
      const names = only ?? Object.keys(trials);
      const measured = await measureOptions({ names, rows, seeds, workdir });
      console.log(json === true ? JSON.stringify(measured, null, 2) : table(measured));
    });
}

function table({ reference, options }: OptionsMeasurement): string {
  const width = Math.max(...options.map(({ name }) => name.length), 'reference method'.length);
  const line = (name: string, mean: number, change: string): string =>
    `${name.padEnd(width)}  ${mean.toFixed(3)}  ${change}`;
  return [
    line('reference method', reference.mean, ''),
    ...options.map(({ name, mean, change }) =>
      line(name, mean, `${signed(change.mean)} [${signed(change.least)}, ${signed(change.most)}]`),
    ),
  ].join('\n');
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}

function positive(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number from 1 to 99999.');
}
