import { InputFault } from '../errors/fault.js';
import { nearest } from '../errors/suggestion.js';
import type { EnsembleDefinition } from './definition.js';

/** Thresholds in the place of an ensemble's own: one for all labels, and those of single ones, which go before it. */
export interface OtherThresholds {
  readonly all?: number;
  readonly byLabel: Readonly<Record<string, number>>;
}

/**
 * An ensemble with other thresholds.
 *
 * @param where they come from, as a fault says it
 * @throws InputFault for a label that the ensemble does not have, and for one that decides by no thresholds
 */
export function withThresholds(
  ensemble: EnsembleDefinition,
  { all, byLabel }: OtherThresholds,
  where = '--threshold',
): EnsembleDefinition {
  const { task, labels, thresholds } = ensemble;
  if (task === 'single-label')
    throw new InputFault({
      where,
      what: 'this ensemble gives each row one class, the one with the largest probability and offset, and has no thresholds',
      remedy: 'Decide by the probabilities.',
    });
  const unknown = Object.keys(byLabel).find((label) => !labels.includes(label));
  if (unknown !== undefined) {
    const meant = nearest(unknown, labels);
    throw new InputFault({
      where,
      what: 'the ensemble has no such label',
      found: JSON.stringify(unknown),
      expected: `one of ${labels.slice(0, 20).join(', ')}${labels.length > 20 ? ' …' : ''}`,
      ...(meant === undefined ? {} : { remedy: `Did you mean ${JSON.stringify(meant)}?` }),
    });
  }
  const other = (label: string, place: number): number => {
    const own = Object.hasOwn(byLabel, label) ? byLabel[label] : all;
    return own ?? thresholds[place]!;
  };
  return { ...ensemble, thresholds: labels.map(other) };
}
