import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTable } from '../../../data/csv.js';
import type { Dice } from '../../dice.js';
import { integer, mutateBytes, mutateText, oddText } from '../mutations.js';
import type { FuzzTarget } from '../target.js';

const lineBreaks = ['\n', '\n', '\r\n', '\r'] as const;
const pieces = ['"', '""', ',', '\n', '\r', '\r\n', '\ufeff', 'é', ' ', ';', '\t', 'x'] as const;

/** A table, read as every table is, before anything is asked of its columns. */
export const table: FuzzTarget = {
  name: 'table',
  reads: 'tables',
  extension: '.csv',
  make(dice) {
    const kind = dice.one(['whole', 'text', 'bytes', 'pieces', 'pieces'] as const);
    if (kind === 'pieces') {
      const count = integer(dice, 0, 24);
      return Buffer.from(Array.from({ length: count }, () => dice.one(pieces)!).join(''));
    }
    const text = wholeTable(dice);
    if (kind === 'bytes') return mutateBytes(dice, Buffer.from(text));
    return Buffer.from(kind === 'text' ? mutateText(dice, text) : text);
  },
  async run(input, scratch) {
    const file = join(scratch, 'table.csv');
    writeFileSync(file, input);
    const hash = createHash('sha256');
    const add = (cells: readonly string[]): void => {
      for (const cell of cells) hash.update(`${Buffer.byteLength(cell)}:${cell}`);
      hash.update('\n');
    };
    const table = await readTable(file, ({ names }) => {
      add(names);
      return add;
    });
    // Lines of rows are looked for in the file again.
    const { rows } = table;
    const line = rows === 0 ? null : (await table.place(rows - 1)).line;
    return { rows, line, sha256: hash.digest('hex') };
  },
};

function wholeTable(dice: Dice): string {
  const width = integer(dice, 1, 5);
  const lineBreak = dice.one(lineBreaks)!;
  const rows = Array.from({ length: integer(dice, 1, 12) }, (_, row) =>
    Array.from({ length: width }, (_cell, column) => (row === 0 ? `c${column}` : cellOf(dice))),
  );
  const end = dice.one(['', lineBreak])!;
  return `${dice.one(['', '\ufeff'])!}${rows.map((cells) => cells.map((cell) => quoted(dice, cell)).join(',')).join(lineBreak)}${end}`;
}

function cellOf(dice: Dice): string {
  if (dice.between(0, 1) < 0.1) return oddText(dice);
  return Array.from({ length: integer(dice, 0, 6) }, () => dice.one(pieces)!).join('');
}

function quoted(dice: Dice, cell: string): string {
  const must = /[",\r\n]/.test(cell);
  return must || dice.between(0, 1) < 0.3 ? `"${cell.replaceAll('"', '""')}"` : cell;
}
