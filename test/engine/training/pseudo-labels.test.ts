import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ColumnFileWriter } from '../../../data/column-file/writer.js';
import { preparedColumns, writeTrainingTable } from '../../../data/prepared-table.js';
import { trainFold } from '../../../engine/training/fold.js';
import type { FoldJob, FoldOutcome } from '../../../engine/training/job.js';
import { predictTable } from '../../../engine/inference/predict.js';
import { pseudoRows, sureLabels } from '../../../engine/training/pseudo-labels.js';
import type { TrainingOptions } from '../../../pipeline/training.js';
import { bits, folder, interrupted, job, never, sha256, table, texts, useSmallFolds } from './small-fold.js';

useSmallFolds();

const unlabelled = ['good songs and a cat', 'bad rain all day', 'good good day', 'songs of rain', 'a cat'];
const asked = join(folder, 'asked');

beforeAll(() => {
  const file = new ColumnFileWriter(asked);
  for (const [name, values] of [
    [preparedColumns.ids, unlabelled.map((_, i) => `t${i}`)],
    [preparedColumns.texts, unlabelled],
  ] as const) {
    const column = file.texts(name);
    for (const value of values) column.append(value);
    column.end();
  }
  file.finish(unlabelled.length);
  file.close();
});

const options = { epochs: 2, bestBy: 'last' } as const;

const train = (changes: Partial<FoldJob>, training: Partial<TrainingOptions> = {}): Promise<FoldOutcome> =>
  trainFold(job('bert', changes, { ...options, ...training }), () => undefined, never);

let number = 0;

/** A file of probabilities. */
function given(rows: readonly (readonly number[])[]): string {
  const path = join(folder, `given-${number++}`);
  writeFileSync(path, new Uint8Array(Float32Array.from(rows.flat()).buffer));
  return path;
}

/** Sure of the first, the third and the last. */
const answers = [
  [0.95, 0.02],
  [0.5, 0.01],
  [0.9, 0.95],
  [0.95, 0.8],
  [0.05, 0.1],
];
const confidence = { pseudo: { confidence: 0.9 } };

describe('what a row is taken to be', () => {
  const sure = (probabilities: number[], task: 'multi-label' | 'single-label') =>
    sureLabels(Float32Array.from(probabilities), task, 0.75);

  it.each([
    [
      [0.75, 0.25, 1, 0],
      [1, 0, 1, 0],
    ],
    [
      [0.1, 0.2, 0.1],
      [0, 0, 0],
    ],
    [[0.9, 0.5], null],
    [[0.74, 0], null],
    [[0.26, 1], null],
    [[NaN, 1], null],
  ])('of several labels: %j is %j', (probabilities, labels) => {
    expect(sure(probabilities, 'multi-label')).toEqual(labels);
  });

  it.each([
    [
      [0.1, 0.8, 0.1],
      [0, 1, 0],
    ],
    [
      [0.75, 0.25],
      [1, 0],
    ],
    [[0.7, 0.2, 0.1], null],
    [[NaN, 1], null],
  ])('of one class each: %j is %j', (probabilities, labels) => {
    expect(sure(probabilities, 'single-label')).toEqual(labels);
  });
});

it('probabilities are compared as float32 numbers: a probability of 0.9 is sure at 0.9', () => {
  expect(sureLabels(Float32Array.of(0.9, 0.1), 'multi-label', 0.9)).toEqual([1, 0]);
  expect(sureLabels(Float32Array.of(0.1, 0.9), 'single-label', 0.9)).toEqual([0, 1]);
});

describe('rows to predict with labels that are sure', () => {
  it('are trained on as if they stood in the table: the same bits', async () => {
    const pseudo = { table: asked, probabilities: given(answers) };
    const joined = join(folder, 'joined');
    const [first, third, last] = [unlabelled[0]!, unlabelled[2]!, unlabelled[4]!];
    writeTrainingTable(joined, {
      texts: [...texts, first, third, last],
      labels: [...table.labels, [1, 0], [1, 1], [0, 0]],
      folds: [...table.folds, 1, 1, 1],
    });
    expect(bits(await train({ pseudo }, confidence))).toEqual(bits(await train({ table: joined })));
  });

  it('are another training than without them, and none where none is sure, which is said', async () => {
    const plain = await train({});
    const pseudo = { table: asked, probabilities: given(answers) };
    expect(bits(await train({ pseudo }, confidence))).not.toEqual(bits(plain));
    const doubtful = given(answers.map(() => [0.5, 0.5]));
    const without = await train({ pseudo: { table: asked, probabilities: doubtful } }, confidence);
    expect(bits(without)).toEqual(bits(plain));
    expect(without.warnings.join()).toMatch(/^no row to predict has labels that are sure enough/);
  });

  it('are told of where all of them were given the same labels', async () => {
    const alike = given(answers.map(() => [0.95, 0.02]));
    const { warnings } = await train({ pseudo: { table: asked, probabilities: alike } }, confidence);
    expect(warnings.join()).toMatch(/^all 5 rows to predict .* the same labels/);
    const differing = await train({ pseudo: { table: asked, probabilities: given(answers) } }, confidence);
    expect(differing.warnings).toEqual([]);
  });

  it('end with the same bits where the fold is stopped and resumed', async () => {
    const pseudo = { table: asked, probabilities: given(answers) };
    const whole = await train({ pseudo }, confidence);
    const resumed = (changes: Partial<FoldJob>): FoldJob =>
      job('bert', { pseudo, ...changes }, { ...options, ...confidence });
    const { outcome } = await interrupted(resumed, [3, 9]);
    expect(outcome.epochs).toEqual(whole.epochs);
    expect(bits(outcome)).toEqual(bits(whole));
  });

  it('are refused where the probabilities are of other rows', () => {
    const pseudo = { table: asked, probabilities: given(answers.slice(1)) };
    expect(() => pseudoRows(job('bert', { pseudo }, { ...options, ...confidence }))).toThrow(
      /not those of the rows to predict.*5 rows/s,
    );
  });
});

describe('the labels of held-out rows', () => {
  /** What fold 2 gives the rows to predict, and the model that it then becomes with them. */
  async function twoRounds(name: string, labels: readonly (readonly number[])[]) {
    const path = join(folder, name);
    writeTrainingTable(path, { ...table, labels });
    const teacher = await train({ table: path });
    const model = join(folder, `${name}-teacher`);
    for (const [file, source] of Object.entries(teacher.model)) {
      mkdirSync(dirname(join(model, file)), { recursive: true });
      copyFileSync(source, join(model, file));
    }
    const probabilities = join(folder, `${name}.f32`);
    await predictTable(model, { table: asked, output: probabilities }, { maxLength: 32, threads: 1 });
    // Low enough for the small model to be sure of some.
    const training = { pseudo: { confidence: 0.51 } };
    const pseudo = { table: asked, probabilities };
    const taken = pseudoRows(job('bert', { table: path, pseudo }, { ...options, ...training }));
    const student = await train({ table: path, pseudo }, training);
    return { teacher, given: sha256(probabilities), taken, student };
  }

  it('reach neither what their fold gives the rows to predict nor its weights; those of others do', async () => {
    const changed = (fold: number) =>
      table.labels.map((row, i) => (table.folds[i] === fold ? row.map((label) => 1 - label) : row));
    const as = await twoRounds('as-they-are', table.labels);
    const heldOut = await twoRounds('held-out-changed', changed(2));
    const trained = await twoRounds('trained-changed', changed(3));
    expect(as.taken.texts.length).toBeGreaterThan(0);
    expect(heldOut.given).toBe(as.given);
    expect(heldOut.taken).toEqual(as.taken);
    expect(bits(heldOut.teacher)).toEqual(bits(as.teacher));
    expect(bits(heldOut.student)).toEqual(bits(as.student));
    // The labels are seen where they are judged by: they did change.
    expect(heldOut.student.epochs.map(({ valLoss }) => valLoss)).not.toEqual(
      as.student.epochs.map(({ valLoss }) => valLoss),
    );
    expect(readFileSync(join(folder, 'held-out-changed'))).not.toEqual(
      readFileSync(join(folder, 'as-they-are')),
    );
    expect(trained.given).not.toBe(as.given);
  });
});
