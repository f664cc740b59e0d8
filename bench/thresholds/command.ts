import { InvalidArgumentError, type Command } from 'commander';
import { loadavg } from 'node:os';
import { measureThresholds, type ThresholdsMeasurement, type ThresholdsOptions } from './measure.js';

/** `thresholds`: what comes after training, of a large table, and our search for thresholds beside the usual one. */
export function addThresholds(program: Command): void {
  program
    .command('thresholds')
    .description(
      "Times what comes after training, and the search for thresholds in turns with scikit-learn's.",
    )
    .option('--rows <n>', 'of the large table', positive, 1_000_000)
    .option('--labels <n>', 'of all tables but the sample', positive, 28)
    .option('--searched <n>', 'rows of both searches', positive, 50_000)
    .option('--turns <n>', 'of both searches', positive, 3)
    .option(
      '--python <command>',
      'a Python with scikit-learn (also FOLDWISE_PYTHON)',
      process.env['FOLDWISE_PYTHON'] ?? 'python3',
    )
    .option('--json', 'print JSON')
    .action(async ({ json, ...options }: ThresholdsOptions & { readonly json?: true }) => {
      const load = loadavg()[0] ?? 0;
      const measured = await measureThresholds(options);
      console.log(
        json === true ? JSON.stringify({ load, ...measured }, null, 2) : lines(measured, load).join('\n'),
      );
    });
}

const goals = { seconds: 60, bytes: 4 * 2 ** 30, faster: 20, resampleSeconds: 2 };

function lines({ afterTraining, search, resamples }: ThresholdsMeasurement, load: number): string[] {
  const { rows, labels, seconds, bytes, steps } = afterTraining;
  const memory = bytes === null ? 'unknown' : `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  return [
    `load           ${load.toFixed(1)} at the start`,
    `after training ${rows} rows × ${labels} labels: ${seconds.toFixed(1)} s${met(seconds <= goals.seconds)}, largest process ${memory}${bytes === null ? '' : met(bytes <= goals.bytes)}`,
    ...Object.entries(steps).map(
      ([name, step]) => `  ${name.padEnd(16)} ${step.seconds.toFixed(1).padStart(6)} s`,
    ),
    'missing' in search
      ? `grid           missing (${search.missing}): nothing is compared. See bench/README.md.`
      : `grid           ${search.rows} rows × ${search.labels} labels: ${search.faster.toFixed(0)} times as fast as the loop with scikit-learn ${search.sklearn}${met(search.faster >= goals.faster)}; ours ${middle(search.pairs.map(({ ours }) => ours))} s, theirs ${middle(search.pairs.map(({ theirs }) => theirs))} s`,
    `resamples      1000 of ${resamples.rows} rows × ${resamples.labels} labels: ${resamples.seconds.toFixed(2)} s${met(resamples.seconds <= goals.resampleSeconds)}`,
  ];
}

function met(isMet: boolean): string {
  return isMet ? ' (met)' : ' (NOT MET)';
}

function middle(values: readonly number[]): string {
  return (values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN).toFixed(3);
}

function positive(text: string): number {
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number from 1 to 99999999.');
}
