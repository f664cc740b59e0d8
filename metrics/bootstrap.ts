import { selectRows } from './matrix.js';

/** Where a score lies with 95 % confidence. */
export type Interval = readonly [from: number, to: number];

/** Rows drawn for a resample, with replacement: as many as there are, each in [0, rows) and as likely. */
export interface DrawRows {
  (resample: number, rows: number): Uint32Array;
  /** By row: where there are groups, whole ones are drawn in place of rows, as rows of one may be alike. */
  readonly groups?: Int32Array;
}

/** Draws groups of rows in place of rows. */
export function drawingGroups(draw: DrawRows, groups: Int32Array): DrawRows {
  return Object.assign((resample: number, units: number) => draw(resample, units), { groups });
}

/** Draws for a part of the rows. */
export function drawingOf(draw: DrawRows, rows: Int32Array): DrawRows {
  return draw.groups === undefined ? draw : drawingGroups(draw, selectRows(draw.groups, 1, rows));
}

const resamples = 1000;
export const confidence = 0.95;

/** Of more rows than this, bundles are resampled: as many as this, of rows drawn at random. */
const mostUnits = 5000;

/**
 * What F1 knows of decisions of rows, as counts of outcomes: per label of how many rows it is true, and which
 * decisions give it. Bit 0 of an outcome says that the label is true, bit 1 + n that decision n gives it.
 */
export interface Outcomes {
  readonly width: number;
  /** Outcomes of a label: the count of outcome o of label i is at i · kinds + o, the number of rows after all. */
  readonly kinds: number;
  /**
   * Where the entries of each unit begin, and at last where they end. A unit is what is drawn: a row or a group of
   * rows, or of very many a bundle of them.
   */
  readonly starts: Uint32Array;
  /** The counts that a unit adds to, but for outcome 0, which no F1 knows of, and how much. */
  readonly places: Uint32Array;
  readonly numbers: Uint32Array;
}

/** @param labels `[rows, width]`, 0 or 1, as is every decision */
export function outcomesOf(
  labels: Uint8Array,
  decisions: readonly Uint8Array[],
  width: number,
  draw: DrawRows,
): Outcomes {
  const rows = labels.length / width;
  const kinds = 2 ** (1 + decisions.length);
  const places: number[] = [];
  const numbers: number[] = [];
  const counts = new Uint32Array(width * kinds + 1);
  const units = unitsOf(rows, draw);
  const starts = new Uint32Array(units.length + 1);
  for (const [unit, members] of units.entries()) {
    const touched: number[] = [];
    for (const row of members) {
      for (let label = 0, at = row * width; label < width; label++, at++) {
        let outcome = labels[at]!;
        for (let each = 0; each < decisions.length; each++) outcome += decisions[each]![at]! << (1 + each);
        const place = label * kinds + outcome;
        if (outcome > 0 && counts[place]!++ === 0) touched.push(place);
      }
    }
    for (const place of touched) {
      places.push(place);
      numbers.push(counts[place]!);
      counts[place] = 0;
    }
    places.push(width * kinds);
    numbers.push(members.length);
    starts[unit + 1] = places.length;
  }
  return { width, kinds, starts, places: Uint32Array.from(places), numbers: Uint32Array.from(numbers) };
}

/**
 * The rows of each unit. Rows are independent, and so are groups: the sums of bundles drawn at random vary as
 * theirs do. Of many rows that costs a fraction, and what it adds to the error of an interval is 1 % of its width.
 */
function unitsOf(rows: number, draw: DrawRows): readonly (readonly number[])[] {
  const { groups } = draw;
  if (groups === undefined) {
    return bundled(
      Array.from({ length: rows }, (_, row) => [row]),
      draw,
    );
  }
  const members = new Map<number, number[]>();
  groups.forEach((group, row) => {
    const found = members.get(group);
    if (found === undefined) members.set(group, [row]);
    else found.push(row);
  });
  return bundled([...members.values()], draw);
}

function bundled(members: readonly (readonly number[])[], draw: DrawRows): readonly (readonly number[])[] {
  const { length } = members;
  if (length <= mostUnits) return members;
  const units = Array.from({ length: mostUnits }, (): number[] => []);
  draw(resamples, length).forEach((drawn, place) => {
    const unit = units[Math.floor((drawn / length) * mostUnits)]!;
    for (const row of members[place]!) unit.push(row);
  });
  return units;
}

/** Computes values of counts of outcomes, as many each time. */
export type Statistics = (counts: Float64Array) => ArrayLike<number>;

/** The counts of all rows, each once. */
export function countOutcomes(outcomes: Outcomes): Float64Array {
  const all = Uint32Array.from({ length: outcomes.starts.length - 1 }, (_, unit) => unit);
  return count(emptyCounts(outcomes), outcomes, all);
}

/**
 * The percentile intervals of values of counts, by a bootstrap over rows or groups of them (Efron and
 * Tibshirani, "An introduction to the bootstrap", 1993): what other rows would change, of decisions that do not depend on them. All values are
 * of the same resamples, so that a difference between two is one of pairs.
 */
export function bootstrapIntervals(outcomes: Outcomes, draw: DrawRows, statistics: Statistics): Interval[] {
  const counts = emptyCounts(outcomes);
  const drawn: Float64Array[] = [];
  for (let resample = 0; resample < resamples; resample++) {
    const units = draw(resample, outcomes.starts.length - 1);
    const values = statistics(count(counts.fill(0), outcomes, units));
    for (let each = 0; each < values.length; each++) {
      (drawn[each] ??= new Float64Array(resamples))[resample] = values[each]!;
    }
  }
  const tail = (1 - confidence) / 2;
  return drawn.map((values) => {
    const sorted = values.sort();
    return [quantile(sorted, tail), quantile(sorted, 1 - tail)];
  });
}

function emptyCounts({ width, kinds }: Outcomes): Float64Array {
  return new Float64Array(width * kinds + 1);
}

function count(
  counts: Float64Array,
  { starts, places, numbers }: Outcomes,
  units: Uint32Array,
): Float64Array {
  for (let drawn = 0; drawn < units.length; drawn++) {
    const unit = units[drawn]!;
    const end = starts[unit + 1]!;
    for (let at = starts[unit]!; at < end; at++) counts[places[at]!]! += numbers[at]!;
  }
  return counts;
}

/** By linear interpolation between sorted values, as NumPy's default. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}
