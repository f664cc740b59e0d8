import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readTable } from '../../data/csv.js';
import { TableFault } from '../../data/table-fault.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-csv-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The rows of a table with this content, each as pairs of column and cell. */
async function read(text: string | Buffer) {
  const file = join(folder, 'train.csv');
  writeFileSync(file, text);
  const rows: [string, string][][] = [];
  const table = await readTable(file, ({ names }) => (cells) => {
    rows.push(cells.map((cell, index) => [names[index]!, cell]));
  });
  return { table, rows };
}

describe('cells are strings, verbatim', () => {
  const cases: [claim: string, text: string, expected: Record<string, string>[]][] = [
    ['NA and 007 stay what they are', 'id,text\n007,NA\n', [{ id: '007', text: 'NA' }]],
    ['spaces stay', 'a,b\n 1 , x\n', [{ a: ' 1 ', b: ' x' }]],
    ['a byte order mark is not part of the first name', '\ufeffid,text\n1,x\n', [{ id: '1', text: 'x' }]],
    [
      'quoted cells may hold commas, quotes and line breaks',
      'a,b\n"1,\n2","say ""x"""\n',
      [{ a: '1,\n2', b: 'say "x"' }],
    ],
    [
      'rows may end in CRLF',
      'a,b\r\n1,2\r\n3,4',
      [
        { a: '1', b: '2' },
        { a: '3', b: '4' },
      ],
    ],
    [
      'rows may end in CRLF or LF in one file',
      'a,b\r\n1,2\n3,4\r\n',
      [
        { a: '1', b: '2' },
        { a: '3', b: '4' },
      ],
    ],
    ['blank cells are empty strings', 'a,b\n,\n', [{ a: '', b: '' }]],
    ['a first column without a name is kept', ',b\n0,x\n', [{ '': '0', b: 'x' }]],
    ['a header alone is a table without rows', 'a,b\n', []],
    ['an empty cell of a single column is two quotes', 'a\n""\nx\n""', [{ a: '' }, { a: 'x' }, { a: '' }]],
    ['letters beyond ASCII stay', 'a\nžlutý 🐎\n', [{ a: 'žlutý 🐎' }]],
  ];
  it.each(cases)('%s', async (_, text, expected) => {
    expect((await read(text)).rows.map((row) => Object.fromEntries(row))).toEqual(expected);
  });

  it('a first column `__proto__` drops no row', async () => {
    const { rows } = await read('__proto__,text\nt0,x\nt1,y\n');
    expect(rows.map((row) => row.map(([, cell]) => cell))).toEqual([
      ['t0', 'x'],
      ['t1', 'y'],
    ]);
  });

  const lines: [claim: string, text: string, expected: number[]][] = [
    ['after a cell of two lines', 'a,b\n"x\ny",1\nz,2\n', [2, 4]],
    ['after a cell with CRLF', 'a,b\r\n"x\r\ny",1\r\nz,2\r\n', [2, 4]],
    ['of a file of CR alone', 'a,b\rx,1\ry,2\r', [2, 3]],
    ['behind a byte order mark', '\ufeffa,b\nx,1\n', [2]],
  ];
  it.each(lines)('a row knows the line where it starts: %s', async (_, text, expected) => {
    const { table, rows } = await read(text);
    const places = await Promise.all(rows.map((_row, index) => table.place(index)));
    expect(places.map(({ line }) => line)).toEqual(expected);
  });
});

const secret = 'PRIVATE';
describe('a broken table is refused with its place and never its text', () => {
  const cases: [claim: string, text: string | Buffer, message: RegExp][] = [
    ['an empty file', '', /train\.csv: the file is empty/],
    ['a byte order mark alone', '\ufeff', /train\.csv: the file is empty/],
    [
      'a quote never closed',
      `a,b\n1,2\n3,"${secret}\n5,6\n`,
      /row 2 \(line 3\): a quote is opened and never closed/,
    ],
    ['text after a closing quote', `a,b\n1,"x"${secret}\n`, /row 1 \(line 2\): a quoted cell goes on/],
    ['a quote inside a bare cell', `a,b\n1,2\n1,${secret}"x\n`, /row 2 \(line 3\): a quote stands inside/],
    [
      'a short row',
      `a,b\n"1\n1",2\n${secret}\n`,
      /row 2 \(line 4\): the row is too short; found 1; expected 2/,
    ],
    ['a long row', `a,b\n1,${secret},3\n`, /row 1 \(line 2\): the row is too long; found 3; expected 2/],
    ['a blank first line', '\na,b\n', /line 1: the first line is blank/],
    ['a blank first line behind a byte order mark', '\ufeff\r\na\n', /line 1: the first line is blank/],
    ['a blank line', 'a,b\n1,2\n\n', /row 2 \(line 3\): the row is a blank line/],
    ['a blank line in the middle', 'a,b\r\n1,2\r\n\r\n3,4', /row 2 \(line 3\): the row is a blank line/],
    [
      'a blank line of a single column',
      `a\n${secret}\n\nx\n`,
      /row 2 \(line 3\): the row is a blank line; expected a cell; an empty one is written ""/,
    ],
    ['a blank last line of a single column', 'a\r\nx\r\n\r\n', /row 2 \(line 3\): the row is a blank line/],
    ['a blank line of CR alone', 'a\rx\r\ry', /row 2 \(line 3\): the row is a blank line/],
    ['two columns of one name', 'a,b,a\n1,2,3\n', /train\.csv: columns 1 and 3 have the same name/],
    ['a NUL byte', `a,b\n1,${secret}\n2,\0\n`, /line 3: there is a NUL byte/],
    ['Latin-1', Buffer.from(`a,b\n1,${secret}\n2,caf\u00e9\n`, 'latin1'), /line 3: the file is not UTF-8/],
    ['Latin-1 in the last line', Buffer.from('a\ncaf\u00e9', 'latin1'), /line 2: the file is not UTF-8/],
    ['UTF-16', Buffer.from('\ufeffa,b\n1,2\n', 'utf16le'), /the file is UTF-16/],
    ['an endless row', `a,b\n1,"${'x'.repeat(17 * 1024 * 1024)}"\n`, /the row is too long/],
  ];
  it.each(cases)('%s', async (_, text, message) => {
    const fault = await read(text).then(
      () => new Error('nothing was thrown'),
      (error: unknown) => error as Error,
    );
    expect(fault).toBeInstanceOf(TableFault);
    expect(fault.message).toMatch(message);
    expect(JSON.stringify([fault.message, fault.stack, fault.cause, fault])).not.toContain(secret);
  });
});

describe('a file that cannot be read', () => {
  const nothing = () => () => undefined;

  it('that is missing is named, with the remedy', async () => {
    await expect(readTable(join(folder, 'none.csv'), nothing)).rejects.toThrow(
      /none\.csv: there is no such file.*data\.train/,
    );
  });

  it('that is a folder is refused', async () => {
    await expect(readTable(folder, nothing)).rejects.toThrow(/this is a folder, not a file/);
  });
});
