import { InvalidArgumentError, type Command } from 'commander';
import { measureTables, type TablesMeasurement } from './measure.js';

interface TablesOptions {
  readonly rows: number;
  readonly words: readonly [number, number];
  readonly json?: true;
}

const labels = ['joy', 'fear', 'sadness'];

/** `tables`: what reading, splitting, scoring and writing a large table takes. */
export function addTables(program: Command): void {
  program
    .command('tables')
    .description('Runs the activities that work on whole tables, on a made one.')
    .option('--rows <n>', 'of the table', positive, 1_000_000)
    .option('--words <least-most>', 'of each text', wordRange, [20, 200])
    .option('--json', 'print JSON')
    .action(async ({ rows, words, json }: TablesOptions) => {
      const measured = await measureTables({ rows, words, labels });
      console.log(json === true ? JSON.stringify(measured, null, 2) : table(measured));
    });
}

function table({ rows, words, bytes, steps }: TablesMeasurement): string {
  const lines = Object.entries(steps).map(([name, { seconds, longestStallMs, childBytes }]) => {
    const memory = childBytes === null ? 'unknown' : `${(childBytes / 1e6).toFixed(0)} MB`;
    return `${name.padEnd(16)} ${seconds.toFixed(1).padStart(7)} s   worker stalls at most ${longestStallMs.toFixed(0).padStart(4)} ms   child's memory ${memory}`;
  });
  const head = `${rows} rows of ${words[0]} to ${words[1]} words, ${(bytes / 1e6).toFixed(0)} MB, as rows to train and to predict`;
  return [head, ...lines].join('\n');
}

function positive(text: string): number {
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number from 1 to 99999999.');
}

function wordRange(text: string): [number, number] {
  const [, least, most] = /^(\d{1,6})-(\d{1,6})$/.exec(text) ?? [];
  if (least !== undefined && Number(least) <= Number(most)) return [Number(least), Number(most)];
  throw new InvalidArgumentError('Expected two whole numbers, as in 20-200.');
}
