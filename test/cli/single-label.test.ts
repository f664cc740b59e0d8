import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../../report/run-result.js';
import { canRun, foldwise, withoutRuns } from './built-command-line.js';

const words: Readonly<Record<string, string>> = {
  glad: 'happy smile',
  grey: 'rain tears',
  dread: 'dark scream',
};
const classes = Object.keys(words);

const pipeline = `name: moods
task: single-label
labels: [${classes.join(', ')}]
data: { train: train.csv, test: test.csv, target: mood }
folds: { count: 2 }
model: { scratch: { type: bert, hiddenSize: 32, layers: 1, heads: 2, intermediateSize: 64, vocabulary: 60 }, maxLength: 16 }
training: { epochs: 10, batchSize: 4, learningRate: 5.0e-3, bestBy: last }
`;

describe.skipIf(!canRun)(`a single-label pipeline${withoutRuns}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'foldwise-moods-'));
  const file = (name: string): string => join(folder, name);
  let out = '';
  let run = '';
  const result = (): RunResult => JSON.parse(readFileSync(join(run, 'result.json'), 'utf8')) as RunResult;

  beforeAll(async () => {
    const rows = Array.from({ length: 90 }, (_, row) => {
      const mood = classes[row % 3]!;
      return `${row},${words[mood]} ${row},${mood}`;
    });
    writeFileSync(file('pipeline.yaml'), pipeline);
    writeFileSync(file('train.csv'), ['id,text,mood', ...rows, ''].join('\n'));
    writeFileSync(file('test.csv'), 'id,text\nx,happy smile\ny,dark scream\nz,rain tears\n');
    const ended = await foldwise(['run', file('pipeline.yaml'), '--workdir', file('w')]);
    expect(ended.code).toBe(0);
    out = ended.out;
    const [name = ''] = readdirSync(file('w/runs'));
    run = join(file('w/runs'), name);
  }, 240_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('ends with a table of its classes', () => {
    expect(out).toMatch(/^label +F1 untuned +F1 tuned +cross-fitted +offset +support$/m);
    expect(out).toContain('offsets tuned on other rows');
  });

  it('keeps the last epoch where it is told to, and tells accuracy, log loss and confusion', () => {
    const { folds, classes: scores, perLabel } = result();
    expect(folds.map(({ bestEpoch }) => bestEpoch)).toEqual([10, 10]);
    expect(folds[0]!.epochs[0]).toHaveProperty('accuracy');
    expect(scores!.accuracy.crossFitted).toBeGreaterThan(0.8);
    expect(scores!.logLoss).toBeLessThan(1);
    expect(scores!.confusion.flat().reduce((sum, rows) => sum + rows, 0)).toBe(90);
    expect(perLabel['glad']!.support).toBe(30);
  });

  it('submits a class for each row, beside probabilities that sum to 1', () => {
    expect(readFileSync(join(run, 'submission.csv'), 'utf8')).toBe('id,mood\nx,glad\ny,dread\nz,grey\n');
    const [, first = ''] = readFileSync(join(run, 'predictions.csv'), 'utf8').split('\n');
    const sum = first
      .split(',')
      .slice(1)
      .reduce((total, p) => total + Number(p), 0);
    expect(sum).toBeCloseTo(1, 5);
  });

  it('exports models that say what they are, and reports the confusion', () => {
    const config = JSON.parse(readFileSync(join(run, 'models/1/config.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    expect(config['problem_type']).toBe('single_label_classification');
    const page = readFileSync(join(run, 'report.html'), 'utf8');
    expect(page).toContain('Confusion');
    expect(page).not.toContain('F1 against threshold');
  });

  it('predicts other tables alike', async () => {
    const { out: predicted, code } = await foldwise([
      'predict',
      run,
      file('test.csv'),
      '--output',
      '-',
      '--workdir',
      file('w'),
    ]);
    expect(code).toBe(0);
    expect(predicted).toBe('id,mood\nx,glad\ny,dread\nz,grey\n');
  }, 120_000);
});
