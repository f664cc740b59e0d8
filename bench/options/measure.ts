import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { readResultFile } from '../../activities/result-file.js';
import { EnvironmentFault, InputFault } from '../../errors/fault.js';
import { root } from '../root.js';
import { trials } from './trials.js';

export interface OptionsMeasurement {
  readonly reference: { readonly mean: number; readonly bySeed: readonly number[] };
  readonly options: readonly OptionEffect[];
}

export interface OptionEffect {
  readonly name: string;
  /** Macro F1 with cross-fitted thresholds, over the seeds. */
  readonly mean: number;
  readonly bySeed: readonly number[];
  /** To the reference method with the same seed. */
  readonly change: { readonly mean: number; readonly least: number; readonly most: number };
}

const execute = promisify(execFile);
const example = join(root, 'examples/brighter/pipeline.yaml');
const tables = join(root, '../shared/data/brighter-eng');

/** How the sample is trained: half of the rows by the other half, no epoch chosen by the rows that are judged. */
const method = ['folds.count=2', 'training.learningRate=1e-4', 'training.bestBy=last'];

/**
 * Trains the sample by the reference method and with each option, over the same folds and seeds.
 *
 * @throws InputFault where the sample is not there
 */
export async function measureOptions(asked: {
  readonly names: readonly string[];
  readonly rows: number;
  readonly seeds: number;
  readonly workdir: string;
}): Promise<OptionsMeasurement> {
  const workdir = resolve(asked.workdir);
  await mkdir(workdir, { recursive: true });
  const train = await firstRows(join(tables, 'train.csv'), asked.rows, join(workdir, 'train.csv'));
  const seeds = Array.from({ length: asked.seeds }, (_, index) => 42 + index);
  const scores = (sets: readonly string[]): Promise<number[]> => scoresOf({ sets, seeds, train, workdir });
  const reference = await scores([]);
  const options: OptionEffect[] = [];
  for (const name of asked.names) {
    const bySeed = await scores(trials[name]!);
    const changes = bySeed.map((score, index) => score - reference[index]!);
    const change = { mean: mean(changes), least: Math.min(...changes), most: Math.max(...changes) };
    options.push({ name, mean: mean(bySeed), bySeed, change });
    process.stderr.write(`${name}: ${mean(bySeed).toFixed(3)}\n`);
  }
  return { reference: { mean: mean(reference), bySeed: reference }, options };
}

/** Every row of the sample is one line. */
async function firstRows(source: string, rows: number, target: string): Promise<string> {
  const text = await readFile(source, 'utf8').catch(() => null);
  if (text === null)
    throw new InputFault({
      where: source,
      what: 'the sample is not there',
      expected: 'the tables and the model of examples/brighter',
    });
  const lines = text.split('\n').slice(0, rows + 1);
  await writeFile(target, `${lines.join('\n')}\n`);
  return target;
}

/** One run: each seed is a member, judged alone. Folds that an earlier call trained are reused. */
async function scoresOf(asked: {
  readonly sets: readonly string[];
  readonly seeds: readonly number[];
  readonly train: string;
  readonly workdir: string;
}): Promise<number[]> {
  const { sets, seeds, train, workdir } = asked;
  const values = [
    `data={train: ${JSON.stringify(train)}}`,
    ...method,
    ...sets,
    `steps.fold.matrix.training.seed=[${seeds.join(', ')}]`,
  ];
  const args = ['run', example, '--json', '--workdir', workdir];
  for (const value of values) args.push('--set', value);
  const command = join(root, 'dist/cli/main.js');
  // A fold that waits for somebody to decide would wait for ever.
  args.push('--set', 'steps.fold.onFailure=fail');
  const { stdout } = await execute(process.execPath, [command, ...args], { maxBuffer: 2 ** 26 });
  const { directory } = JSON.parse(stdout) as { directory: string };
  const result = await readResultFile(join(directory, 'result.json'));
  // With one seed there is one member, which has no name.
  const judged = result?.members ?? [result];
  const scores = judged.map((each) => each?.macroF1?.crossFitted ?? NaN);
  if (scores.length === seeds.length && scores.every(Number.isFinite)) return scores;
  throw new EnvironmentFault({ where: directory, what: 'the run has no score of each seed' });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
