import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ColumnFileWriter } from '../../../data/column-file/writer.js';
import { openTestTable, openTrainingTable, writeTrainingTable } from '../../../data/prepared-table.js';
import { integer, mutateBytes } from '../mutations.js';
import type { FuzzTarget } from '../target.js';

/** A prepared table of a store that somebody else writes into. */
export const preparedTable: FuzzTarget = {
  name: 'prepared-table',
  reads: 'prepared tables',
  extension: '.bin',
  make(dice) {
    const rows = integer(dice, 0, 20);
    const bytes = dice.one([trainingBytes, testBytes])!(rows);
    return dice.between(0, 1) < 0.1 ? bytes : mutateBytes(dice, bytes);
  },
  run(input, scratch) {
    const path = join(scratch, 'table');
    writeFileSync(path, input);
    const asText = Buffer.from(input).toString('latin1');
    return Promise.resolve(asText.includes('"folds"') ? readTraining(path) : readTest(path));
  },
};

function readTraining(path: string): number {
  const { texts, labels, folds, close } = openTrainingTable(path);
  try {
    return count(texts.lists()) + labels.length + folds.length;
  } finally {
    close();
  }
}

function readTest(path: string): number {
  const { ids, texts, close } = openTestTable(path);
  try {
    return count(ids.lists()) + count(texts.lists());
  } finally {
    close();
  }
}

function count(lists: Iterable<readonly string[]>): number {
  let texts = 0;
  for (const list of lists) texts += list.length;
  return texts;
}

function trainingBytes(rows: number): Uint8Array {
  return written((path) => {
    const each = <T>(of: (row: number) => T): T[] => Array.from({ length: rows }, (_, row) => of(row));
    writeTrainingTable(path, {
      texts: each((row) => `text ${row} é`),
      labels: each((row) => [row % 2, 1]),
      folds: each((row) => (row % 3) + 1),
    });
  });
}

function testBytes(rows: number): Uint8Array {
  return written((path) => {
    const file = new ColumnFileWriter(path);
    const texts = file.texts('texts');
    for (let row = 0; row < rows; row++) texts.append(`text ${row}`);
    texts.end();
    file.rowNumbers('ids');
    file.finish(rows);
    file.close();
  });
}

function written(write: (path: string) => void): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'foldwise-fuzz-'));
  try {
    const path = join(folder, 'table');
    write(path);
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
