import { readFileSync } from 'node:fs';
import { openTestTable } from '../../data/prepared-table.js';
import { InputFault } from '../../errors/fault.js';
import type { TaskName } from '../../tasks/task.js';
import type { FoldJob } from './job.js';

/** Rows to predict that join the training set of a fold, with the labels that its teacher is sure of. */
export interface PseudoRows {
  readonly texts: readonly string[];
  /** 0 or 1 per label. */
  readonly targets: readonly (readonly number[])[];
  /** All that the teacher was asked. */
  readonly asked: number;
}

const none: PseudoRows = { texts: [], targets: [], asked: 0 };

/** The rows of a job's table whose probabilities are sure enough, in the order of the table (Lee 2013, "Pseudo-Label"). */
export function pseudoRows({ pseudo, task, labels, training }: FoldJob): PseudoRows {
  if (training.pseudo === null || pseudo === undefined) return none;
  const { confidence } = training.pseudo;
  const bytes = new Uint8Array(readFileSync(pseudo.probabilities));
  const { texts, close } = openTestTable(pseudo.table);
  try {
    const width = labels.length;
    if (bytes.byteLength !== texts.length * width * Float32Array.BYTES_PER_ELEMENT)
      throw otherTable(pseudo.probabilities, texts.length);
    const probabilities = new Float32Array(bytes.buffer);
    const kept: { text: string; target: number[] }[] = [];
    let row = 0;
    for (const list of texts.lists()) {
      for (const text of list) {
        const target = sureLabels(probabilities.subarray(row * width, (row + 1) * width), task, confidence);
        if (target !== null) kept.push({ text, target });
        row++;
      }
    }
    return {
      texts: kept.map(({ text }) => text),
      targets: kept.map(({ target }) => target),
      asked: texts.length,
    };
  } finally {
    close();
  }
}

/**
 * What a row is, where that is sure: each label of several at least `confidence` there or not there, or the one class.
 *
 * @returns 0 or 1 per label; null where it is not sure
 */
export function sureLabels(probabilities: Float32Array, task: TaskName, confidence: number): number[] | null {
  const given = [...probabilities];
  // Compared as the numbers that they are: 0.9 of a file is a float32.
  const [least, most] = [Math.fround(confidence), Math.fround(1 - confidence)];
  if (task === 'single-label') {
    const largest = Math.max(...given);
    const place = given.indexOf(largest);
    return largest >= least ? given.map((_, label) => Number(label === place)) : null;
  }
  const sure = given.every((p) => p >= least || p <= most);
  return sure ? given.map((p) => Number(p >= least)) : null;
}

/** What to say of them, if anything. */
export function pseudoWarnings({ texts, targets, asked }: PseudoRows): string[] {
  if (asked === 0) return [];
  if (texts.length === 0)
    return [
      'no row to predict has labels that are sure enough: the fold is trained as without training.pseudo. Lower its confidence.',
    ];
  const different = new Set(targets.map((target) => target.join(''))).size;
  if (texts.length === 1 || different > 1) return [];
  return [
    `all ${texts.length} rows to predict that are sure enough were given the same labels: a fold that is trained on them, too, learns to give these to every row. Raise the confidence of training.pseudo, or leave it out.`,
  ];
}

function otherTable(where: string, rows: number): InputFault {
  return new InputFault({
    where,
    what: 'the probabilities are not those of the rows to predict',
    expected: `one for each label of ${rows} rows`,
  });
}
