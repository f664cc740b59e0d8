import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { stringify } from './csv-text.js';
import { foldwise } from './built-command-line.js';

/** Texts on which readers differ: nothing, too much, many scripts, and the special tokens of several families. */
export const difficultTexts = [
  '',
  'glad '.repeat(60).trim(),
  'calm glad '.repeat(30) + '[SEP]',
  'Ça va, naïve café? ﬁne ① ＡＢＣ',
  '日本語 🙂 привет שלום',
  '[MASK] and [SEP] as text',
  'glad [PAD] dread [CLS]',
  '</s> <pad> <mask> grey',
  '  two  spaces\tand a tab ',
  'GLAD Calm',
];

const labels = ['joy', 'fear'];
const classes = ['glad', 'grey', 'dread'];

/** A pipeline by what is handed over of it. */
export interface HandOverCase {
  readonly task: 'multi-label' | 'single-label';
  readonly type: 'bert' | 'deberta-v2';
  /** Settings besides. */
  readonly set?: readonly string[];
}

export interface ScoredText {
  readonly text: string;
  readonly fold: number;
  readonly probabilities: readonly number[];
}

export interface HandedOver {
  readonly root: string;
  readonly workdir: string;
  readonly run: string;
  /** Of the run. */
  readonly directory: string;
  /** The exported folder. */
  readonly folder: string;
  readonly out: string;
  readonly maxLength: number;
  readonly labels: readonly string[];
  /** Of `oof.csv`, or of a member's own. */
  outOfFold(member?: string): readonly ScoredText[];
  /** The test texts, what `predictions.csv` says of them, and what `submission.csv` decides: 0 or 1 per label. */
  readonly texts: readonly string[];
  predictions(): readonly (readonly number[])[];
  decisions(): readonly (readonly number[])[];
}

const maxLength = 16;

/** Trains a small ensemble on texts that are easy and some that are difficult, and exports it. */
export async function handOver(
  { task, type, set = [] }: HandOverCase,
  ...options: string[]
): Promise<HandedOver> {
  const root = mkdtempSync(join(tmpdir(), 'foldwise-hand-over-'));
  const path = (name: string): string => join(root, name);
  const names = task === 'multi-label' ? labels : classes;
  const target = task === 'multi-label' ? labels : ['mood'];
  const easy = Array.from({ length: 48 }, (_, row) => {
    const [joy, fear] = [row % 2, Number(row % 3 === 0)];
    const text = `${joy === 1 ? 'glad' : 'grey'} ${fear === 1 ? 'dread' : 'calm'} word${row}`;
    return { text, truth: task === 'multi-label' ? [joy, fear] : [classes[row % 3]!] };
  });
  const hard = difficultTexts.map((text, row) => ({
    text,
    truth: task === 'multi-label' ? [row % 2, Number(row % 3 === 0)] : [classes[row % 3]!],
  }));
  const training = [...easy, ...hard];
  const texts = [...difficultTexts, 'glad calm', 'grey dread', 'dread dread', 'calm'];
  writeFileSync(
    path('train.csv'),
    stringify([
      ['id', 'text', ...target],
      ...training.map(({ text, truth }, row) => [`r${row}`, text, ...truth]),
    ]),
  );
  writeFileSync(
    path('test.csv'),
    stringify([['id', 'text'], ...texts.map((text, row) => [`t${row}`, text])]),
  );
  writeFileSync(
    path('pipeline.yaml'),
    `name: handed
task: ${task}
labels: [${names.join(', ')}]
data: { train: train.csv, test: test.csv${task === 'multi-label' ? '' : ', target: mood'} }
folds: { count: 2 }
model: { scratch: { type: ${type}, hiddenSize: 32, layers: 1, heads: 2, intermediateSize: 64, vocabulary: 90 }, maxLength: ${maxLength} }
training: { epochs: 8, batchSize: 4, learningRate: 5.0e-3 }
`,
  );
  const workdir = path('work');
  const overrides = set.flatMap((each) => ['--set', each]);
  const ran = await foldwise(['run', path('pipeline.yaml'), '--workdir', workdir, ...overrides]);
  if (ran.code !== 0) throw new Error(ran.err);
  const run = readdirSync(join(workdir, 'runs'))[0]!;
  const directory = join(workdir, 'runs', run);
  const folder = path('exported');
  const exported = await foldwise(['export', run, folder, '--workdir', workdir, ...options]);
  if (exported.code !== 0) throw new Error(exported.err);
  const rowsOf = (name: string): Record<string, string>[] =>
    parse(readFileSync(join(directory, name)), { columns: true });
  const numbers = (row: Record<string, string>, prefix: string): number[] =>
    names.map((name) => Number(row[`${prefix}${name}`]));
  return {
    root,
    workdir,
    run,
    directory,
    folder,
    out: exported.out + exported.err,
    maxLength,
    labels: names,
    outOfFold: (member) =>
      rowsOf(member === undefined ? 'oof.csv' : `oof-${member}.csv`).map((row) => ({
        text: training[Number(row['id']!.slice(1))]!.text,
        fold: Number(row['fold']),
        probabilities: numbers(row, 'p_'),
      })),
    texts,
    predictions: () => rowsOf('predictions.csv').map((row) => numbers(row, 'p_')),
    decisions: () =>
      rowsOf('submission.csv').map((row) =>
        task === 'multi-label' ? numbers(row, '') : names.map((name) => Number(row['mood'] === name)),
      ),
  };
}
