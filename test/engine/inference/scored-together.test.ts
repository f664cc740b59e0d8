import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ColumnFile } from '../../../data/column-file/reader.js';
import { ColumnFileWriter } from '../../../data/column-file/writer.js';
import { groupsOf, ROWS_AT_ONCE, ScoredTogether } from '../../../engine/inference/scored-together.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-together-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The rows of each group, as `first-last`, of a table of these texts. */
function groups(texts: readonly string[], bytes?: number): string[] {
  const path = join(folder, 'table');
  const writer = new ColumnFileWriter(path);
  const column = writer.texts('texts');
  for (const text of texts) column.append(text);
  column.end();
  writer.finish(texts.length);
  writer.close();
  const file = ColumnFile.open(path);
  const found: string[] = [];
  let row = 0;
  for (const group of groupsOf(
    file.texts('texts'),
    new ScoredTogether(bytes === undefined ? {} : { bytes }),
  )) {
    const inLists = [...group.lists(7)].flat();
    expect(group.range(0, group.length)).toEqual(inLists);
    expect(inLists).toEqual(texts.slice(row, row + group.length));
    found.push(`${row}-${row + group.length - 1}`);
    row += group.length;
  }
  expect(row).toBe(texts.length);
  file.close();
  return found;
}

describe('rows that are scored together', () => {
  const texts = (rows: number): string[] => Array.from({ length: rows }, (_, row) => `t${row}`);

  it('are 65,536 at most', () => {
    expect(groups([])).toEqual([]);
    expect(groups(texts(3))).toEqual(['0-2']);
    expect(groups(texts(ROWS_AT_ONCE))).toEqual(['0-65535']);
    expect(groups(texts(2 * ROWS_AT_ONCE + 1))).toEqual(['0-65535', '65536-131071', '131072-131072']);
  });

  it('are fewer where texts are long, in bytes, and a longer one is by itself', () => {
    expect(groups(['é', 'a', 'bb', 'cccccc', 'd', ''], 4)).toEqual(['0-1', '2-2', '3-3', '4-5']);
  });

  it('are cut at every multiple of as many, whatever was cut before', () => {
    const table = ['xxxx', 'yyyy', ...texts(ROWS_AT_ONCE)];
    expect(groups(table, 1e9).at(-1)).toBe('65536-65537');
    const rest = table.slice(ROWS_AT_ONCE);
    expect(groups(rest)).toEqual(['0-1']);
    expect(groups(table, 100_000).at(-1)).toBe('65536-65537');
    expect(groups(table, 100_000).length).toBeGreaterThan(2);
  });
});
