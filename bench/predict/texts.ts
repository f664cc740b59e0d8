import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { readTextRows } from '../../data/text-rows.js';
import { permutation } from '../../engine/kernels/philox.js';
import { InputFault } from '../../errors/fault.js';
import { root } from '../root.js';

const sample = join(root, '../shared/data/brighter-eng/test.csv');
const quickstart = join(root, 'examples/quickstart/train.csv');
const textColumns = ['text', 'comment_text', 'sentence', 'content', 'review'];

/** So many texts of a table, in an order that a fixed seed decides. @param data null for the sample's, or the quick start's */
export async function readTexts(
  data: string | null,
  count: number,
): Promise<{ readonly texts: readonly string[]; readonly from: string }> {
  const file = data ?? (existsSync(sample) ? sample : quickstart);
  const read: string[] = [];
  const columns = { text: textColumns, id: undefined, labels: [] };
  await readTextRows(file, columns, { append: (text) => read.push(text) });
  if (read.length < count) {
    throw new InputFault({
      where: file,
      what: `there are too few rows for ${count} texts`,
      expected: `at least ${count}`,
      found: `${read.length}`,
      remedy: 'Ask for less with --chunks or --chunk, or name another file with --data.',
    });
  }
  const order = [...permutation(read.length, [42, 0], [0, 0, 0])].slice(0, count);
  return {
    texts: order.map((row) => read[row] as string),
    from: data === null ? relative(root, file) : file,
  };
}
