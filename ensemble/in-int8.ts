import { InputFault } from '../errors/fault.js';
import type { EnsembleDefinition } from './definition.js';
import type { StoredEnsemble } from './stored-ensemble.js';

/** Macro F1 of the same held-out rows, by the same thresholds. */
export interface PrecisionScores {
  readonly float32: number;
  readonly int8: number;
}

/** What an ensemble loses where its products have 8 bits, as the rows say that no model of the kind was trained on. */
export interface Int8Measure {
  /** Of the whole ensemble. */
  readonly macroF1: PrecisionScores;
  /** What may be lost of it. */
  readonly maxLoss: number;
  /** Rows that some fold predicted. */
  readonly rows: number;
  /** Mean and largest change of a probability. */
  readonly change: { readonly mean: number; readonly largest: number };
  /** Each model alone, on the rows of its fold. */
  readonly models: readonly ({ readonly folder: string } & PrecisionScores)[];
}

/** Whether no more is lost than may be. A NaN loses everything. */
export function holdsInInt8({ macroF1, maxLoss }: Pick<Int8Measure, 'macroF1' | 'maxLoss'>): boolean {
  return macroF1.float32 - macroF1.int8 <= maxLoss;
}

/**
 * The ensemble with products of 8 bits.
 *
 * @param where the ensemble is, in words
 * @throws InputFault for one of which nobody has measured what that loses, or that loses too much
 */
export function inInt8(
  { definition, int8 }: Pick<StoredEnsemble, 'definition' | 'int8'>,
  where: string,
): EnsembleDefinition {
  if (int8 !== undefined && holdsInInt8(int8)) return { ...definition, precision: 'int8' };
  throw new InputFault({
    where,
    what: 'the ensemble cannot be run in int8',
    found: int8 === undefined ? 'an ensemble of which nobody has measured what it loses' : lossWords(int8),
    remedy:
      int8 === undefined
        ? 'Export the run with --int8, which measures that, and use the exported folder.'
        : 'Use it in float32, or export it again with a larger --max-loss.',
  });
}

/** `macro F1 0.5123 in place of 0.5211, a loss of 0.0088 where 0.005 is allowed` */
export function lossWords({
  macroF1: { float32, int8 },
  maxLoss,
}: Pick<Int8Measure, 'macroF1' | 'maxLoss'>): string {
  const change = (float32 - int8).toFixed(4);
  const words =
    Number(change) === 0
      ? 'no loss'
      : change.startsWith('-')
        ? `a gain of ${change.slice(1)}`
        : `a loss of ${change}`;
  return `macro F1 ${int8.toFixed(4)} in place of ${float32.toFixed(4)}, ${words} where ${maxLoss} may be lost`;
}
