import { InvalidArgumentError } from 'commander';
import type { OtherThresholds } from '../../ensemble/other-thresholds.js';

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
