import { layoutOf, type TextGroup } from '../batches/batch-layout.js';
import { hostBatch, type Feed } from '../batches/packed-features.js';
import type { Classifier } from '../models/family.js';
import type { BatchShapes } from './batch-shapes.js';
import { pooledInput, windowsOf } from './reading.js';

/** A batch laid out for the graph of `groups.length` groups (nn/packing.ts). */
export interface HostBatch {
  /** Row of the logits → number of the text as given. Rows behind these fill the batch up. */
  readonly order: readonly number[];
  /** The sequences of tokens that it holds, in their order. */
  readonly sequences: readonly Int32Array[];
  readonly groups: readonly TextGroup[];
  /** Every named size of the graph. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly feeds: Readonly<Record<string, Feed>>;
}

/** Two groups cost nodes and small products; they must save this share of the padded places to pay. */
const WORTHWHILE = 0.75;

/**
 * Texts that are read in windows are so many texts of the packed batch; its rows of logits are then the texts as given.
 *
 * @param texts token ids, each at least one token
 * @param allowed 1 or 2 groups; or what one group is filled up to
 */
export function packBatch(
  texts: readonly Int32Array[],
  classifier: Classifier,
  allowed: 1 | 2 | BatchShapes,
): HostBatch {
  const { windows } = classifier;
  if (windows === undefined) return packSequences(texts, classifier, allowed);
  const split = texts.map((text) => windowsOf(text, windows));
  const packed = packSequences(split.flat(), classifier, allowed);
  const { texts: columns = 0 } = packed.sizes;
  const rows = typeof allowed === 'number' ? texts.length : allowed.texts(texts.length);
  return {
    ...packed,
    order: texts.map((_, row) => row),
    sizes: { ...packed.sizes, [pooledInput.rows]: rows },
    feeds: { ...packed.feeds, [pooledInput.share]: windowShares(split, packed.order, [rows, columns]) },
  };
}

/** Float32 `[rows, texts]`: of each text, an equal share of each of its windows. */
function windowShares(
  split: readonly (readonly Int32Array[])[],
  order: readonly number[],
  [rows, columns]: readonly [number, number],
): Feed {
  const rowOf = split.flatMap((windows, row) => windows.map(() => row));
  const data = new Float32Array(rows * columns);
  order.forEach((window, place) => {
    const row = rowOf[window] as number;
    data[row * columns + place] = 1 / (split[row]?.length ?? 1);
  });
  return { type: 'float32', shape: [rows, columns], data };
}

function packSequences(
  texts: readonly Int32Array[],
  classifier: Classifier,
  allowed: 1 | 2 | BatchShapes,
): HostBatch {
  const order = texts.map((_, i) => i).sort((a, b) => length(texts, a) - length(texts, b) || a - b);
  const lengths = order.map((i) => length(texts, i));
  const sequences = order.map((i) => texts[i] as Int32Array);
  const groups = allowed === 2 ? groupByLength(lengths) : [whole(lengths)];
  if (typeof allowed === 'number')
    return { order, sequences, groups, ...hostBatch(layoutOf(sequences, groups), classifier) };
  const filled = allowed.of(whole(lengths));
  const layout = layoutOf(sequences, [filled], true);
  return { order, sequences, groups: [filled], ...hostBatch(layout, classifier) };
}

function length(texts: readonly Int32Array[], i: number): number {
  return (texts[i] as Int32Array).length;
}

function whole(lengths: readonly number[]): TextGroup {
  return { first: 0, batch: lengths.length, length: lengths[lengths.length - 1] ?? 0 };
}

/** The split of ascending lengths in two that leaves the fewest scores, where it saves enough. */
export function groupByLength(lengths: readonly number[]): TextGroup[] {
  const all = whole(lengths);
  const scores = ({ batch, length }: TextGroup): number => batch * length * length;
  let best: TextGroup[] = [all];
  let least = scores(all) * WORTHWHILE;
  for (let cut = 1; cut < lengths.length; cut++) {
    const short = { first: 0, batch: cut, length: lengths[cut - 1] ?? 0 };
    const long = { first: cut, batch: lengths.length - cut, length: all.length };
    if (scores(short) + scores(long) < least) {
      best = [short, long];
      least = scores(short) + scores(long);
    }
  }
  return best;
}
