import { drawRows } from '../../activities/tables/score-table.js';
import { assessLabels } from '../../metrics/assessment.js';
import { decide } from '../../metrics/thresholds.js';
import { measureTables, type TablesMeasurement } from '../tables/measure.js';
import { pairedSearch, type NoOther, type PairedSearch } from './grid-loop.js';
import { makeRows } from './made-rows.js';

export interface ThresholdsOptions {
  /** Of the large table. */
  readonly rows: number;
  readonly labels: number;
  /** Rows of both searches. */
  readonly searched: number;
  readonly python: string;
  readonly turns: number;
}

export interface ThresholdsMeasurement {
  readonly afterTraining: AfterTraining;
  readonly search: PairedSearch | NoOther;
  readonly resamples: { readonly rows: number; readonly labels: number; readonly seconds: number };
}

/** What comes after training, of a table of that size. */
export interface AfterTraining {
  readonly rows: number;
  readonly labels: number;
  readonly seconds: number;
  /** The largest process; null where the system does not tell. */
  readonly bytes: number | null;
  readonly steps: TablesMeasurement['steps'];
}

/** As many rows and labels as the BRIGHTER texts have. */
const sampleSize = { rows: 2768, labels: 5 };

export async function measureThresholds(options: ThresholdsOptions): Promise<ThresholdsMeasurement> {
  const { rows, labels, searched, python, turns } = options;
  const resamples = timeResamples();
  const search = await pairedSearch(makeRows(searched, labels), python, turns);
  return { afterTraining: await afterTraining(rows, labels), search, resamples };
}

async function afterTraining(rows: number, labels: number): Promise<AfterTraining> {
  const names = Array.from({ length: labels }, (_, label) => `label ${label + 1}`);
  const { steps } = await measureTables({ rows, words: [2, 6], labels: names });
  const { prepareData: _before, ...after } = steps;
  const all = Object.values(after);
  const sizes = all.flatMap(({ childBytes }) => (childBytes === null ? [] : [childBytes]));
  return {
    rows,
    labels,
    seconds: all.reduce((sum, { seconds }) => sum + seconds, 0),
    bytes: sizes.length === 0 ? null : Math.max(...sizes),
    steps: after,
  };
}

/** All that is assessed of decisions, of which 1,000 resamples are nearly everything. */
function timeResamples(): ThresholdsMeasurement['resamples'] {
  const { rows, labels } = sampleSize;
  const { probabilities, truth } = makeRows(rows, labels);
  const [atHalf, tuned] = [0.5, 0.4].map((threshold) =>
    decide(probabilities, new Array<number>(labels).fill(threshold)),
  ) as [Uint8Array, Uint8Array];
  const started = performance.now();
  assessLabels({ labels: truth, probabilities, atHalf, tuned, crossFitted: tuned }, labels, drawRows);
  return { rows, labels, seconds: (performance.now() - started) / 1000 };
}
