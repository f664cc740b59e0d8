/**
 * How far a distribution is from another, told by counts over the same ordered classes: the bins of a
 * probability, lengths of texts, yes and no.
 */

/** Probabilities are told apart by the logarithm of their odds, so that rare labels are told as finely as others. */
const logitStep = 0.1;
const mostLogit = 10;
/** Bins of a probability. */
export const bins = Math.round((2 * mostLogit) / logitStep);

/** The bin of a probability, in the order of probabilities; what is no number is in the first. */
export function binOf(probability: number): number {
  const logit = Math.log(probability / (1 - probability));
  if (Number.isNaN(logit)) return 0;
  return Math.min(bins - 1, Math.max(0, Math.floor((logit + mostLogit) / logitStep)));
}

/** A share is taken for at least this much, so that an empty class does not make the index infinite. */
const leastShare = 1e-4;

const deciles = 10;

export interface Drift {
  /** Rows of the reference and of what is compared with it. */
  readonly reference: number;
  readonly rows: number;
  /** Population stability index: `stabilityIndex`. */
  readonly psi: number;
  /** The two-sample statistic of Kolmogorov and Smirnov: the largest difference of the shares up to any value. */
  readonly ks: number;
  /** What of `ks` chance alone gives or exceeds in one of `1 / chance` comparisons, at these numbers of rows. */
  readonly ksByChance: number;
}

/** From which index on a shift is told: moderate, and large. */
export const psiBounds = { moderate: 0.1, large: 0.25 } as const;

export type DriftLevel = 'none' | 'moderate' | 'large';

/**
 * @param reference counts by class @param found the same classes
 * @param chance of a comparison that chance alone may make stand out, for `ksByChance`
 */
export function driftBetween(reference: readonly number[], found: readonly number[], chance: number): Drift {
  const [m, n] = [sum(reference), sum(found)];
  return {
    reference: m,
    rows: n,
    psi: stabilityIndex(reference, found),
    ks: kolmogorovSmirnov(reference, found),
    ksByChance: m === 0 || n === 0 ? 1 : Math.min(1, criticalKs(m, n, chance)),
  };
}

/** A shift is told where it is large enough to matter, and larger than chance makes it. */
export function levelOf({ psi, ks, ksByChance }: Drift): DriftLevel {
  if (psi < psiBounds.moderate || ks <= ksByChance) return 'none';
  return psi < psiBounds.large ? 'moderate' : 'large';
}

/** 0 where one has no rows. */
export function kolmogorovSmirnov(reference: readonly number[], found: readonly number[]): number {
  const [m, n] = [sum(reference), sum(found)];
  if (m === 0 || n === 0) return 0;
  let [here, there, farthest] = [0, 0, 0];
  for (let at = 0; at < Math.max(reference.length, found.length); at++) {
    here += reference[at] ?? 0;
    there += found[at] ?? 0;
    farthest = Math.max(farthest, Math.abs(here / m - there / n));
  }
  return farthest;
}

/**
 * Σ (q − p) · ln(q / p) over the deciles of the reference, and what lies below and above all of it; p are its
 * shares and q those found. 0 where one has no rows.
 */
export function stabilityIndex(reference: readonly number[], found: readonly number[]): number {
  const [m, n] = [sum(reference), sum(found)];
  if (m === 0 || n === 0) return 0;
  const shares = new Map<number, [p: number, q: number]>();
  let before = 0;
  for (const [place, count] of reference.entries()) {
    // A class is never divided: it belongs to the decile that it begins in.
    const decile = before === 0 && count === 0 ? -1 : Math.floor((deciles * before) / m);
    const [p, q] = shares.get(decile) ?? [0, 0];
    shares.set(decile, [p + count / m, q + found[place]! / n]);
    before += count;
  }
  return [...shares.values()].reduce((index, each) => {
    const [p, q] = each.map((share) => Math.max(leastShare, share)) as [number, number];
    return index + (q - p) * Math.log(q / p);
  }, 0);
}

/** Of Smirnov's limit: the statistic that chance exceeds with this probability, at most where values are tied. */
function criticalKs(m: number, n: number, chance: number): number {
  return Math.sqrt((-Math.log(chance / 2) / 2) * ((m + n) / (m * n)));
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
