import type { ThreeScores } from './assessment.js';
import { column } from './matrix.js';
import { goalOf, type Objective } from './objectives.js';

/** What the thresholds of a label were to reach, and what they do. */
export interface SoughtScores {
  readonly objective: Objective;
  /**
   * What was sought: F1, F-beta, the recall or precision that is to be high, or the mean cost of a row (the
   * lower, the better).
   */
  readonly score: ThreeScores;
  /** NaN where no row is given the label. */
  readonly precision: ThreeScores;
  /** NaN of a label that never occurs. */
  readonly recall: ThreeScores;
  /**
   * Whether the precision or recall is reached that must be held, on the rows it was tuned on and cross-fitted;
   * what is not defined is not. Null of an objective that holds none.
   */
  readonly held: { readonly tuned: boolean; readonly crossFitted: boolean } | null;
}

/** What decisions, `[rows, width]` each, come to by the objective of each label. */
export interface Sought {
  /** The mean score, where all labels have the same objective; else null. */
  readonly macro: ThreeScores | null;
  readonly perLabel: readonly SoughtScores[];
}

export function soughtScores(
  objectives: readonly Objective[],
  labels: Uint8Array,
  decided: Readonly<Record<keyof ThreeScores, Uint8Array>>,
): Sought {
  const width = objectives.length;
  const perLabel = objectives.map((objective, label): SoughtScores => {
    const truth = column(labels, width, label);
    const scores = three((way) => objectiveScores(objective, truth, column(decided[way], width, label)));
    const { tuned, crossFitted } = scores;
    return {
      objective,
      score: three((way) => scores[way].score),
      precision: three((way) => scores[way].precision),
      recall: three((way) => scores[way].recall),
      held:
        tuned.held === null || crossFitted.held === null
          ? null
          : { tuned: tuned.held, crossFitted: crossFitted.held },
    };
  });
  const alike = new Set(objectives.map((objective) => JSON.stringify(objective))).size === 1;
  const mean = (way: keyof ThreeScores): number =>
    perLabel.reduce((sum, { score }) => sum + score[way], 0) / width;
  return { macro: alike ? three(mean) : null, perLabel };
}

function three<T>(of: (way: keyof ThreeScores) => T): Record<keyof ThreeScores, T> {
  return { atHalf: of('atHalf'), tuned: of('tuned'), crossFitted: of('crossFitted') };
}

interface ObjectiveScores {
  readonly score: number;
  readonly precision: number;
  readonly recall: number;
  readonly held: boolean | null;
}

/** @param labels 0 or 1 per row, as the decisions */
function objectiveScores(objective: Objective, labels: Uint8Array, decided: Uint8Array): ObjectiveScores {
  const counts = countsOf(labels, decided);
  const [hits, predicted, actual] = counts;
  const [precision, recall] = [hits / predicted, hits / actual];
  const { worth, holds } = goalOf(objective);
  const shown = { precision, recall, held: holds === undefined ? null : holds(...counts) };
  if (typeof objective === 'object') {
    if ('precision' in objective) return { score: recall, ...shown };
    if ('recall' in objective) return { score: precision, ...shown };
    if ('cost' in objective) return { score: -worth(...counts) / labels.length, ...shown };
  }
  return { score: worth(...counts), ...shown };
}

function countsOf(
  labels: Uint8Array,
  decided: Uint8Array,
): [hits: number, predicted: number, actual: number] {
  let [hits, predicted, actual] = [0, 0, 0];
  for (let row = 0; row < labels.length; row++) {
    hits += labels[row]! & decided[row]!;
    predicted += decided[row]!;
    actual += labels[row]!;
  }
  return [hits, predicted, actual];
}
