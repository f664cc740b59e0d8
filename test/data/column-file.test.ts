import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ColumnFile } from '../../data/column-file/reader.js';
import { ColumnFileWriter } from '../../data/column-file/writer.js';
import { RandomState } from '../../data/splits/random-state.js';
import { InputFault } from '../../errors/fault.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-columns-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'columns');

const texts = ['one', '', 'žlutý 🐎', 'x'.repeat(100_000), '\ufeffmark', 'a\r\nb'];

function write(list: readonly string[] = texts): void {
  const file = new ColumnFileWriter(path);
  const column = file.texts('texts');
  for (const text of list) column.append(text);
  column.end();
  file.bytes(
    'labels',
    2,
    Uint8Array.from({ length: list.length * 2 }, (_, place) => place % 2),
  );
  file.integers(
    'folds',
    Int32Array.from(list, (_, row) => row - 1),
  );
  file.rowNumbers('ids');
  file.finish(list.length);
  file.close();
}

/** Everything that a file holds. */
function readAll(): unknown {
  const file = ColumnFile.open(path);
  try {
    return {
      texts: [...file.texts('texts').lists()].flat(),
      labels: [...file.bytes('labels').values],
      folds: [...file.integers('folds')],
      ids: [...file.texts('ids').lists()].flat(),
    };
  } finally {
    file.close();
  }
}

describe('a column file', () => {
  it('gives back what was written, texts verbatim', () => {
    write();
    expect(readAll()).toEqual({
      texts,
      labels: texts.flatMap(() => [0, 1]),
      folds: [-1, 0, 1, 2, 3, 4],
      ids: ['0', '1', '2', '3', '4', '5'],
    });
  });

  it('holds no rows as well', () => {
    write([]);
    expect(readAll()).toEqual({ texts: [], labels: [], folds: [], ids: [] });
  });

  it('gives any range of texts, and of row numbers', () => {
    write();
    const file = ColumnFile.open(path);
    for (let first = 0; first <= texts.length; first++) {
      for (let end = first; end <= texts.length; end++) {
        expect(file.texts('texts').range(first, end)).toEqual(texts.slice(first, end));
        expect(file.texts('ids').range(first, end)).toHaveLength(end - first);
      }
    }
    file.close();
  });

  it('gives lists of at most so many texts, and of long texts fewer', () => {
    const long = Array.from({ length: 5 }, (_, row) => String(row).repeat(6 << 20));
    write(long);
    const file = ColumnFile.open(path);
    expect([...file.texts('texts').lists()].map((list) => list.length)).toEqual([2, 2, 1]);
    expect([...file.texts('texts').lists(1)].map((list) => list.length)).toEqual([1, 1, 1, 1, 1]);
    expect([...file.texts('ids').lists(2)]).toEqual([['0', '1'], ['2', '3'], ['4']]);
    file.close();
  });

  it('has the same bytes for the same rows', () => {
    write();
    const first = readFileSync(path);
    write();
    expect(readFileSync(path).equals(first)).toBe(true);
  });
});

describe('a column file that is damaged', () => {
  it('or of another kind is refused', () => {
    write();
    const whole = readFileSync(path);
    const others = [
      Buffer.alloc(0),
      whole.subarray(0, -1),
      whole.subarray(0, whole.length / 2),
      whole.subarray(1),
      Buffer.from('{"texts":["one"],"labels":[[0]],"folds":[1]}'),
      Buffer.concat([whole, Buffer.alloc(8)]),
    ];
    for (const bytes of others) {
      writeFileSync(path, bytes);
      expect(() => readAll()).toThrow(/not a prepared table of this version.*Start the run again/);
    }
  });

  it('in any byte is refused, or read within its bounds', () => {
    write(['one', 'two', 'three']);
    const whole = readFileSync(path);
    const random = new RandomState(7);
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(whole);
      for (let change = 0; change <= random.upTo(3); change++)
        bytes[random.upTo(bytes.length - 1)] = random.upTo(255);
      writeFileSync(path, bytes);
      try {
        readAll();
      } catch (error) {
        expect(error).toBeInstanceOf(InputFault);
      }
    }
  });
});
