import { InvalidArgumentError } from 'commander';
import type { EnsembleDefinition } from '../../ensemble/definition.js';
import { InputFault } from '../../errors/fault.js';
import { nearest } from '../../errors/suggestion.js';

/** Thresholds in the place of an ensemble's own: one for all labels, and those of single ones, which go before it. */
export interface OtherThresholds {
  readonly all?: number;
  readonly byLabel: Readonly<Record<string, number>>;
}

/** Parses `0.5` or `label=0.3`, and adds it to those before. */
export function collectThreshold(text: string, earlier: OtherThresholds = { byLabel: {} }): OtherThresholds {
  const equals = text.lastIndexOf('=');
  const threshold = number(text.slice(equals + 1));
  if (equals < 0) {
    if (earlier.all !== undefined) throw new InvalidArgumentError('There is one for all labels already.');
    return { ...earlier, all: threshold };
  }
  const label = text.slice(0, equals).trim();
  if (label === '') throw new InvalidArgumentError(form);
  if (Object.hasOwn(earlier.byLabel, label))
    throw new InvalidArgumentError(`There is one for ${label} already.`);
  return {
    ...earlier,
    byLabel: Object.fromEntries([...Object.entries(earlier.byLabel), [label, threshold]]),
  };
}

const form = 'It must be a number from 0 to 1, or label=number, as in joy=0.3.';

function number(text: string): number {
  const value = /^\s*(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(text) ? Number(text) : NaN;
  if (value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError(form);
}

/**
 * An ensemble with other thresholds.
 *
 * @throws InputFault for a label that the ensemble does not have, and for one that decides by no thresholds
 */
export function withThresholds(
  ensemble: EnsembleDefinition,
  { all, byLabel }: OtherThresholds,
): EnsembleDefinition {
  const { task, labels, thresholds } = ensemble;
  if (task === 'single-label')
    throw new InputFault({
      where: '--threshold',
      what: 'this ensemble gives each row one class, the one with the largest probability and offset, and has no thresholds',
      remedy: 'Decide by the probabilities.',
    });
  const unknown = Object.keys(byLabel).find((label) => !labels.includes(label));
  if (unknown !== undefined) {
    const meant = nearest(unknown, labels);
    throw new InputFault({
      where: '--threshold',
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
