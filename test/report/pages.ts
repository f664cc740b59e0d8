import { unlearnt } from '../../metrics/nested.js';
import type { ReportInput, RowText } from '../../report/report-input.js';
import { shownRows } from '../../report/shown-rows.js';
import { tasks } from '../../tasks/index.js';
import { drawnByRule, seeded } from '../metrics/cases.js';
import { assessedReport, sampleReport } from './sample.js';

/** Texts that a page must bear: markup, overrides of direction, other scripts, words without end, nothing. */
export const hostileTexts = [
  '<img src=x onerror=alert(1)>"\'&<script>alert(2)</script></blockquote><style>*{display:none}</style>',
  'an override \u202eof direction\u202c, an isolate \u2067so\u2069',
  'שלום עולם, مرحبا بالعالم, 你好，世界 😀',
  'x'.repeat(4000),
  '',
  'line one\nline two\r\n\tline three\u0000',
] as const;

/** As long as they are, which no narrow page may forget. */
const digests = { texts: 'a'.repeat(64), rows: 'b'.repeat(64) };

/** The same page with texts for its hardest rows, the hostile ones in turn. */
export function withTexts(input: ReportInput): ReportInput {
  const texts = shownRows(input).map((row, place): [number, RowText] => [
    row,
    { id: `row-${row}`, text: hostileTexts[place % hostileTexts.length]! },
  ]);
  return { ...input, result: { ...input.result, data: digests }, texts: new Map(texts) };
}

/** 100 labels, from frequent to never occurring, some of which nothing is known of, and 100 members of 5 folds. */
export function wideReport({ width = 100, members: many = 100, rows = 1500 } = {}): ReportInput {
  const draw = seeded(5);
  const labels = Array.from({ length: width }, (_, i) =>
    `label ${i + 1} ${'of a long name '.repeat(i % 4)}`.trim(),
  );
  const share = (label: number): number => (label === width - 1 ? 0 : 0.5 * 0.004 ** (label / width));
  const truth = Uint8Array.from({ length: rows * width }, (_, at) => Number(draw() < share(at % width)));
  const probabilities = Float32Array.from(truth, (y, at) => {
    const known = (at % width) % 5 === 4 ? 0 : 2.5;
    const logit = known * y + Math.log(share(at % width) + 0.01) + 5 * (draw() - 0.5);
    return 1 / (1 + Math.exp(-logit));
  });
  const { result, outOfFold } = sampleReport({ labels, rows });
  const scores = tasks['multi-label'].scoreOutOfFold(
    unlearnt(probabilities),
    truth,
    outOfFold.folds!,
    width,
    drawnByRule,
  );
  const byLabel = <T>(values: readonly T[]): Record<string, T> =>
    Object.fromEntries(labels.map((label, index) => [label, values[index]!]));
  const ids = Array.from({ length: many }, (_, i) => `seed-${i + 1}`);
  const { fold, ...steps } = result.configuration.steps;
  const matrix = { fold: 'all', 'training.seed': ids.map((_, i) => i + 1) } as const;
  return {
    outOfFold: { ...outOfFold, probabilities, labels: truth },
    result: {
      ...result,
      macroF1: scores.macroF1,
      thresholds: byLabel(scores.thresholds),
      perLabel: byLabel(scores.perLabel),
      assessment: { ...scores.assessment!, perLabel: byLabel(scores.assessment!.perLabel) },
      folds: ids.flatMap((member) =>
        result.folds.map((each) => ({
          ...each,
          member,
          epochs: each.epochs.map((epoch) => ({ ...epoch, macroF1: epoch.macroF1 + 0.1 * (draw() - 0.5) })),
        })),
      ),
      members: ids.map((id, i) => ({
        id,
        settings: { 'training.seed': i + 1 },
        macroF1: { atHalf: 0.4 + 0.1 * draw(), tuned: 0.5 + 0.1 * draw(), crossFitted: 0.5 + 0.08 * draw() },
        skippedFolds: [],
      })),
      ensemble: {
        method: 'greedy',
        weights: Object.fromEntries(ids.map((id, i) => [id, i % 4 === 0 ? 4 / many : 0])),
        gain: {
          overMean: { macroF1: 0.004, interval: [-0.002, 0.011] },
          overBest: { macroF1: 0.012, interval: [0.003, 0.02] },
        },
      },
      configuration: {
        ...result.configuration,
        ensemble: { method: 'greedy', incomplete: 'keep' },
        steps: { ...steps, fold: { ...fold!, matrix } },
      },
    },
  };
}

/** A run of 40 classes, one per row. */
function classesReport(): ReportInput {
  return assessedReport(
    { labels: Array.from({ length: 40 }, (_, i) => `class ${i + 1}`), rows: 800 },
    'single-label',
  );
}

/** A run of which no score is defined, as it is once result.json was read. */
function undefinedReport(): ReportInput {
  const { result, outOfFold } = sampleReport({ rows: 10, rowsWithoutOof: 10 });
  const none = { atHalf: NaN, tuned: NaN, crossFitted: NaN };
  const epochs = [{ epoch: 1, trainLoss: NaN, valLoss: NaN, macroF1: NaN }];
  return {
    outOfFold,
    result: {
      ...result,
      macroF1: none,
      perLabel: Object.fromEntries(
        result.labels.map((label) => [label, { ...none, support: 0, tunable: false }]),
      ),
      folds: result.folds.map((fold) => ({ ...fold, epochs, bestEpoch: 1 })),
      warnings: ['/home/someone/data/train.csv: 10 of 10 texts are empty.'],
    },
  };
}

/** Reports of many kinds of run, made up without any training: what the page has to bear. */
export const reportPages: Readonly<Record<string, () => ReportInput>> = {
  sample: () => withTexts(assessedReport()),
  'without skill': () => withTexts(assessedReport({}, 'multi-label', 'all')),
  'one class per row': () => withTexts(assessedReport({}, 'single-label')),
  '40 classes': classesReport,
  '100 labels and 100 members': () => withTexts(wideReport()),
  'nothing defined': undefinedReport,
};
