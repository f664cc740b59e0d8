import { bootstrapIntervals, countOutcomes, outcomesOf, type DrawRows, type Interval } from './bootstrap.js';
import { f1OfOutcomes } from './f1.js';
import { gainsOf, ofLearntDecisions } from './gain.js';

/** `worse`: shown to be less. `untold` of a label that never occurs among the rows. */
export type DifferenceVerdict = 'better' | 'worse' | 'not-shown' | 'untold';

/** How much better one run decides than another, of the same rows. */
export interface Difference {
  /** F1 of the other, and of the one. */
  readonly base: number;
  readonly f1: number;
  /** `f1` − `base`, and where it lies with 95 % confidence; NaN of a label that never occurs. */
  readonly difference: number;
  readonly interval: Interval;
  /** Rows that the two decide differently. */
  readonly differing: number;
  /** By whether that interval lies on one side of 0, of enough differing rows. */
  readonly verdict: DifferenceVerdict;
}

/** Whose decisions they are learnt: each run learnt on the rows of its other folds. */
export interface DecidedTwice {
  /** `[rows, width]`, 0 or 1, as are the decisions of both. */
  readonly labels: Uint8Array;
  readonly base: Uint8Array;
  readonly decided: Uint8Array;
  readonly width: number;
}

/**
 * Of fewer rows, or groups of them, that are decided differently no difference is shown: by chance all of five lie
 * on one side in more than 5 of 100 cases (2 · ½⁵), as the sign test has it, and a bootstrap of them knows no other
 * side.
 */
const fewestDiffering = 6;

/**
 * The difference in F1 of each label and in macro F1, with intervals of one paired bootstrap that are as wide as
 * is due to learnt decisions; null where there is no row. Turned round, every sign turns, and nothing else.
 */
export function differencesOf(
  { labels, base, decided, width }: DecidedTwice,
  draw: DrawRows,
): { readonly perLabel: readonly Difference[]; readonly macro: Difference } | null {
  if (labels.length === 0 || width === 0) return null;
  const outcomes = outcomesOf(labels, [decided, base], width, draw);
  const { kinds } = outcomes;
  const both = new Float64Array(2 * (width + 1));
  // Each with its negative: what is the least of one is the most of the other, to the last bit.
  const intervals = bootstrapIntervals(outcomes, draw, (counts) => {
    gainsOf(outcomes, counts).forEach((gain, place) => both.set([gain, -gain], 2 * place));
    return both;
  });
  const counts = countOutcomes(outcomes);
  const gains = gainsOf(outcomes, counts);
  const apart = differingRows(base, decided, width, draw.groups);
  const told = (place: number, scores: Pick<Difference, 'base' | 'f1'>): Difference => {
    const difference = gains[place]!;
    const mirrored: Interval = [intervals[2 * place]![0], -intervals[2 * place + 1]![0]];
    const [from, to] = ofLearntDecisions(difference, mirrored);
    const interval: Interval = [Math.max(-1, from), Math.min(1, to)];
    const { rows: differing, units } = apart[place]!;
    return { ...scores, difference, interval, differing, verdict: verdictOf(interval, units) };
  };
  const scoreOf = (label: number, decision: 0 | 1): number =>
    f1OfOutcomes(counts, label * kinds, kinds, decision);
  const all = Array.from({ length: width }, (_, label) => ({
    base: scoreOf(label, 1),
    f1: scoreOf(label, 0),
  }));
  const mean = (of: 'base' | 'f1'): number => all.reduce((sum, scores) => sum + scores[of], 0) / width;
  return {
    perLabel: all.map((scores, label) =>
      occurs(labels, width, label) ? told(label, scores) : { ...told(label, scores), ...untold },
    ),
    macro: told(width, { base: mean('base'), f1: mean('f1') }),
  };
}

const untold = { difference: NaN, interval: [NaN, NaN], verdict: 'untold' } as const;

function verdictOf([from, to]: Interval, units: number): DifferenceVerdict {
  if (units < fewestDiffering) return 'not-shown';
  return from > 0 ? 'better' : to < 0 ? 'worse' : 'not-shown';
}

/** Rows that are decided differently, and of how many groups they are; where there are none, each is its own. */
interface Apart {
  readonly rows: number;
  readonly units: number;
}

/** By each label, and at last by any. */
function differingRows(
  base: Uint8Array,
  decided: Uint8Array,
  width: number,
  groups: Int32Array | undefined,
): Apart[] {
  const rows = new Uint32Array(width + 1);
  const units = Array.from(rows, () => new Set<number>());
  for (let row = 0, at = 0; at < base.length; row++) {
    let any = 0;
    for (let place = 0; place <= width; place++) {
      const differs = place === width ? any : base[at]! ^ decided[at++]!;
      any |= differs;
      rows[place]! += differs;
      if (differs === 1 && groups !== undefined) units[place]!.add(groups[row]!);
    }
  }
  return units.map(({ size }, place) => ({
    rows: rows[place]!,
    units: groups === undefined ? rows[place]! : size,
  }));
}

function occurs(labels: Uint8Array, width: number, label: number): boolean {
  for (let at = label; at < labels.length; at += width) if (labels[at] === 1) return true;
  return false;
}
