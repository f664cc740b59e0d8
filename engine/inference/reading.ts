import { InputFault } from '../../errors/fault.js';
import type { ModelUse, Truncation } from '../../pipeline/pipeline.js';
import type { Classifier } from '../models/family.js';
import { matMul } from '../ops/products.js';

/** The windows that a text is read in. */
export interface Windows {
  /** Tokens of a window at most, special ones included. */
  readonly length: number;
  /** Tokens that a window shares with the one before it. */
  readonly overlap: number;
}

/** How a text that is longer than the model takes is read: cut first, then split. */
export interface Reading {
  /** Tokens that are kept of a text, special ones included. */
  readonly longest: number;
  /** Which; undefined as the tokenizer has it. */
  readonly truncation: Truncation | undefined;
  /** Null: a text is one window. */
  readonly windows: Windows | null;
}

type ReadingSettings = Pick<ModelUse, 'maxLength' | 'truncation' | 'windows'>;

/**
 * The pipeline's settings with the model's own limit where that is shorter.
 *
 * @throws InputFault where windows would not move on
 */
export function readingOf(
  { maxLength, truncation, windows }: ReadingSettings,
  classifier: Pick<Classifier, 'maxLength'>,
): Reading {
  const length = longestText(maxLength, classifier);
  if (windows === undefined) return { longest: length, truncation, windows: null };
  const { overlap, most } = windows;
  const room = length - frame;
  if (overlap >= room) {
    throw new InputFault({
      where: 'model.windows.overlap',
      what: 'windows would share all of their tokens',
      found: String(overlap),
      expected: `fewer than ${room}, the tokens of a window without its special ones`,
      remedy: 'Lower it, or raise model.maxLength where the model takes longer texts.',
    });
  }
  const longest = frame + room + (most - 1) * (room - overlap);
  return { longest, truncation, windows: { length, overlap } };
}

/** The pipeline's truncation, or the model's where that is shorter. */
export function longestText(maxLength: number, classifier: Pick<Classifier, 'maxLength'>): number {
  return Math.min(maxLength, classifier.maxLength ?? Infinity);
}

/** What to say of a pipeline that has longer texts than the model takes; nothing where it has not. */
export function lengthWarning(maxLength: number, classifier: Pick<Classifier, 'maxLength'>): string[] {
  const longest = longestText(maxLength, classifier);
  if (longest === maxLength) return [];
  return [
    `model.maxLength is ${maxLength}, and the model takes ${longest} tokens at most: so many are read at once`,
  ];
}

/** The first token and the last one of every text and of every window. */
const frame = 2;

/** Of 510 tokens 128 from the head and 382 from the tail (Sun et al. 2019, "How to Fine-Tune BERT for Text Classification"). */
const headShare = 128 / 510;

/** A text with its special tokens, cut to `longest`. */
export function cut(ids: Int32Array, longest: number, truncation: Truncation): Int32Array {
  if (ids.length <= longest) return ids;
  const room = longest - frame;
  const heads = { head: room, tail: 0, both: Math.round(room * headShare) }[truncation];
  const last = ids.length - 1;
  const kept = new Int32Array(longest);
  kept.set(ids.subarray(0, 1 + heads));
  kept.set(ids.subarray(last - (room - heads)), 1 + heads);
  return kept;
}

/**
 * The windows of a text, each with its special tokens. Each begins `overlap` tokens before the end of the one before
 * it; the last one ends with the text, and may be shorter (as the tokenizers library has it, where overlap is `stride`).
 */
export function windowsOf(ids: Int32Array, { length, overlap }: Windows): Int32Array[] {
  const room = length - frame;
  const last = ids.length - 1;
  const windows: Int32Array[] = [];
  for (let start = 1; ; start += room - overlap) {
    const end = Math.min(start + room, last);
    const window = new Int32Array(end - start + frame);
    window.set(ids.subarray(0, 1));
    window.set(ids.subarray(start, end), 1);
    window.set(ids.subarray(last), window.length - 1);
    windows.push(window);
    if (end === last) return windows;
  }
}

/** The sequences of tokens that the model sees of a text. */
export function sequencesOf(ids: Int32Array, { windows }: Pick<Classifier, 'windows'>): Int32Array[] {
  return windows === undefined ? [ids] : windowsOf(ids, windows);
}

/** Names of what a batch in windows has besides. */
export const pooledInput = { share: 'windowShare', rows: 'rows' } as const;

/**
 * The classifier of texts in windows: a text's logits are the mean of those of its windows. So what is trained is what
 * is scored, and a text counts once, however many windows it has.
 */
export function windowed(classifier: Classifier, windows: Windows | null): Classifier {
  if (windows === null) return classifier;
  return {
    ...classifier,
    windows,
    build(model, batch, vocabulary) {
      const { tape } = model;
      const share = tape.graph.input(pooledInput.share, 'float32', [pooledInput.rows, 'texts']);
      const mean = { transposeB: false, alpha: 1 };
      return classifier
        .build(model, batch, vocabulary)
        .map((logits) => tape.apply(matMul, { a: share, b: logits }, mean)); // [rows, labels]
    },
  };
}
