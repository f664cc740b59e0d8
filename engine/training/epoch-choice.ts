import type { EpochChoice } from '../../tasks/task.js';
import type { EpochMetrics } from './job.js';

/** What decides which epoch is kept, and which is the last. */
export interface ChoiceSettings {
  readonly bestBy: EpochChoice;
  /** Epochs in a row without a better one that end the training; null: it goes on. */
  readonly patience: number | null;
}

/** A score that differs by less is the same: a handful of decisions among thousands. */
const SAME = 0.001;

/** Where a score moved by less over all epochs, it says little of which one is best. */
const HARDLY_MOVED = 0.01;

/** Scores of which the greater is the better. */
type Score = Exclude<EpochChoice, 'valLoss' | 'last'>;

const names: Readonly<Record<Score, string>> = { macroF1: 'macro F1', accuracy: 'accuracy' };

/**
 * Whether an epoch is kept in place of the one so far. Where a score decides and stays as it is, the lower
 * validation loss does: a weak model's F1 does not move while its loss falls.
 *
 * @param earlier the epochs before it @param kept one of them, or undefined for the first
 */
export function isBetter(
  epoch: EpochMetrics,
  earlier: readonly EpochMetrics[],
  kept: EpochMetrics | undefined,
  { bestBy }: Pick<ChoiceSettings, 'bestBy'>,
): boolean {
  if (kept === undefined || bestBy === 'last') return true;
  if (bestBy === 'valLoss') return epoch.valLoss < kept.valLoss;
  // The best score so far, and not the kept epoch's: else small steps down would add up.
  const best = Math.max(...earlier.map((other) => scoreOf(other, bestBy)));
  const score = scoreOf(epoch, bestBy);
  if (Math.abs(score - best) > SAME) return score > best;
  return epoch.valLoss < kept.valLoss;
}

/** Where an epoch that is judged several times stands before its end. */
export interface WithinEpoch {
  /** How often it was judged. */
  readonly evaluations: number;
  /** What stands for it so far: the best of these. */
  readonly best: EpochMetrics | null;
  /** Whether that is the best of all epochs so far, whose weights are kept. */
  readonly kept: boolean;
}

export const notJudged: WithinEpoch = { evaluations: 0, best: null, kept: false };

/**
 * One more judgement of the epoch under way.
 *
 * @param history the epochs before it @param bestEpoch 1 …, the kept one of them; 0 where there is none
 * @returns whether its weights are to be kept, and what stands for the epoch now
 */
export function weigh(
  metrics: EpochMetrics,
  history: readonly EpochMetrics[],
  bestEpoch: number,
  within: WithinEpoch,
  choice: Pick<ChoiceSettings, 'bestBy'>,
): { readonly better: boolean; readonly best: EpochMetrics } {
  const { best } = within;
  const kept = within.kept && best !== null ? best : history[bestEpoch - 1];
  const better = isBetter(metrics, best === null ? history : [...history, best], kept, choice);
  if (best === null || better) return { better, best: metrics };
  const standsForIt = !within.kept && isBetter(metrics, [best], best, choice);
  return { better, best: standsForIt ? metrics : best };
}

/**
 * Whether no better epoch is waited for any more: early stopping (Prechelt 1998, "Early stopping — but when?", UP;
 * transformers' `EarlyStoppingCallback`).
 *
 * @param epochs how many are done
 */
export function isOver(
  epochs: number,
  bestEpoch: number,
  { patience }: Pick<ChoiceSettings, 'patience'>,
): boolean {
  return patience !== null && epochs - bestEpoch >= patience;
}

/** What whoever reads the scores should know of the choice; null where the score was clear. */
export function choiceWarning(
  history: readonly EpochMetrics[],
  bestEpoch: number,
  { bestBy }: Pick<ChoiceSettings, 'bestBy'>,
): string | null {
  if (bestBy === 'valLoss' || bestBy === 'last') return null;
  const scores = history.map((epoch) => scoreOf(epoch, bestBy));
  const [least, most] = [Math.min(...scores), Math.max(...scores)];
  if (history.length < 2 || most - least >= HARDLY_MOVED) return null;
  return (
    `${names[bestBy]} hardly moved over the ${history.length} epochs (${least.toFixed(3)} to ${most.toFixed(3)}), ` +
    `so it says little of which one is best; epoch ${bestEpoch} was kept`
  );
}

function scoreOf(epoch: EpochMetrics, score: Score): number {
  return epoch[score] ?? 0;
}
