import { f1OfCounts } from './f1.js';

/** How much one way of deciding gains over another, in macro F1. */
export interface Gain {
  readonly macroF1: number;
  /** Where it lies with 95 % confidence. */
  readonly interval: readonly [from: number, to: number];
}

/** Rows drawn for a resample, with replacement: as many as there are, each in [0, rows) and as likely. */
export type DrawRows = (resample: number, rows: number) => Uint32Array;

const resamples = 1000;
const confidence = 0.95;

/**
 * The gain of decisions over others of the same rows; null where there is no row.
 *
 * Its interval is the percentile interval of a paired bootstrap over rows (Efron and Tibshirani, "An
 * introduction to the bootstrap", 1993): what other rows would change, of decisions that do not depend on them.
 *
 * @param labels `[rows, width]`, 0 or 1, as are both decisions
 */
export function gainOver(
  others: Uint8Array,
  decided: Uint8Array,
  labels: Uint8Array,
  width: number,
  draw: DrawRows,
): Gain | null {
  const rows = labels.length / width;
  if (rows === 0) return null;
  const outcomes = outcomesOf(others, decided, labels, width);
  const counts = new Float64Array(width * outcomeKinds);
  const gainOf = (drawn: Uint32Array): number => {
    count(counts.fill(0), outcomes, drawn);
    return macroGain(counts);
  };
  const drawn = Float64Array.from({ length: resamples }, (_, resample) =>
    gainOf(draw(resample, rows)),
  ).sort();
  const tail = (1 - confidence) / 2;
  return {
    macroF1: gainOf(Uint32Array.from({ length: rows }, (_, row) => row)),
    interval: [quantile(drawn, tail), quantile(drawn, 1 - tail)],
  };
}

/** Bits of what is known of a label in a row: that it is true, decided, and decided by the others. */
const [isTrue, isDecided, isOthers] = [1, 2, 4];
const outcomeKinds = 8;

/** Per row its entries of the counts: where truth and all decisions are 0, which no F1 knows of, there is none. */
interface Outcomes {
  /** Where each row's begin, and at last where they end. */
  readonly starts: Uint32Array;
  readonly entries: Uint32Array;
}

function outcomesOf(others: Uint8Array, decided: Uint8Array, labels: Uint8Array, width: number): Outcomes {
  const starts = new Uint32Array(labels.length / width + 1);
  const entries: number[] = [];
  for (let row = 0, at = 0; row < starts.length - 1; row++) {
    for (let label = 0; label < width; label++, at++) {
      const kind = isTrue * labels[at]! + isDecided * decided[at]! + isOthers * others[at]!;
      if (kind > 0) entries.push(label * outcomeKinds + kind);
    }
    starts[row + 1] = entries.length;
  }
  return { starts, entries: Uint32Array.from(entries) };
}

function count(counts: Float64Array, { starts, entries }: Outcomes, rows: Uint32Array): void {
  for (let place = 0; place < rows.length; place++) {
    const row = rows[place]!;
    const end = starts[row + 1]!;
    for (let at = starts[row]!; at < end; at++) counts[entries[at]!]! += 1;
  }
}

function macroGain(counts: Float64Array): number {
  let gain = 0;
  for (let start = 0; start < counts.length; start += outcomeKinds) {
    const label = counts.subarray(start, start + outcomeKinds);
    const rowsWith = (bits: number): number =>
      label.reduce((sum, rows, kind) => ((kind & bits) === bits ? sum + rows : sum), 0);
    const f1 = (by: number): number => f1OfCounts(rowsWith(isTrue | by), rowsWith(by), rowsWith(isTrue));
    gain += f1(isDecided) - f1(isOthers);
  }
  return gain / (counts.length / outcomeKinds);
}

/** By linear interpolation between sorted values, as NumPy's default. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}
