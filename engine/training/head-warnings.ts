import { listed } from '../checkpoint/listed.js';

/** What became of the classification head that a checkpoint brought along. */
export interface HeadFate {
  /** Its number of labels, where it is left out for having another number than the pipeline; else null. */
  readonly replacedHead: number | null;
  /** Whether it is trained on. */
  readonly kept: boolean;
}

/**
 * What to say of a checkpoint's head: that it is left out, or whose labels it was trained for. It is kept
 * wherever the number of labels is the pipeline's, as transformers does, and only the names tell
 * whether it is a head of the same labels.
 */
export function headWarnings(
  config: Readonly<Record<string, unknown>>,
  labels: readonly string[],
  { replacedHead, kept }: HeadFate,
): string[] {
  const named = (count: number): string => {
    const names = labelsOf(config, count);
    return names === null ? 'which it does not name' : listed(names.map(shown), 6);
  };
  if (replacedHead !== null) {
    return [
      `the classification head of the checkpoint has ${replacedHead} labels (${named(replacedHead)}) and the pipeline ${labels.length}: a new head is made, from random weights`,
    ];
  }
  const theirs = kept ? labelsOf(config, labels.length) : labels;
  if (theirs !== null && theirs.every((label, i) => label === labels[i])) return [];
  return [
    `the classification head of the checkpoint is kept: its labels (${named(labels.length)}) become those of the pipeline (${listed(labels.map(shown), 6)}), in this order`,
  ];
}

/** The names of a head's labels; null where the configuration has none but numbers. */
function labelsOf(config: Readonly<Record<string, unknown>>, count: number): string[] | null {
  const named = config['id2label'];
  if (typeof named !== 'object' || named === null) return null;
  const names = Array.from({ length: count }, (_, i) => (named as Record<string, unknown>)[String(i)]);
  const texts = names.filter((name) => typeof name === 'string');
  if (texts.length !== count || Object.keys(named).length !== count) return null;
  return texts.every((name, i) => name === `LABEL_${i}`) ? null : texts;
}

function shown(label: string): string {
  return /^[\w .-]{1,60}$/.test(label) ? label : JSON.stringify(label.slice(0, 60));
}
