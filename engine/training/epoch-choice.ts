import type { EpochMetrics } from './job.js';

/** Macro F1 at 0.5 that differs by less is the same: a handful of decisions among thousands. */
const SAME = 0.001;

/** Where it moved by less over all epochs, it says little of which one is best. */
const HARDLY_MOVED = 0.01;

/**
 * Whether an epoch is kept in place of the one so far: macro F1 at 0.5 decides, and where that stays as it
 * is, the lower validation loss. A weak model's F1 does not move while its loss falls.
 *
 * @param earlier the epochs before it @param kept one of them, or undefined for the first
 */
export function isBetter(
  epoch: EpochMetrics,
  earlier: readonly EpochMetrics[],
  kept: EpochMetrics | undefined,
): boolean {
  if (kept === undefined) return true;
  // The best score so far, and not the kept epoch's: else small steps down would add up.
  const best = Math.max(...earlier.map(({ macroF1 }) => macroF1));
  if (Math.abs(epoch.macroF1 - best) > SAME) return epoch.macroF1 > best;
  return epoch.valLoss < kept.valLoss;
}

/** What whoever reads the scores should know of the choice; null where the score was clear. */
export function choiceWarning(history: readonly EpochMetrics[], bestEpoch: number): string | null {
  const scores = history.map(({ macroF1 }) => macroF1);
  const [least, most] = [Math.min(...scores), Math.max(...scores)];
  if (history.length < 2 || most - least >= HARDLY_MOVED) return null;
  return (
    `macro F1 at 0.5 hardly moved over the ${history.length} epochs (${least.toFixed(3)} to ${most.toFixed(3)}), ` +
    `so it says little of which one is best; epoch ${bestEpoch} was kept`
  );
}
