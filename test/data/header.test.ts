import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { readLabelledRows } from '../../data/dataset.js';
import { TableFault } from '../../data/table-fault.js';
import { readTextRows } from '../../data/text-rows.js';
import { zip } from '../../bench/fuzz/zip-archive.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-header-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'train.csv');

const columns = { text: ['text', 'review'], id: undefined as string | undefined, labels: ['joy', 'fear'] };
const read = (path = file, id?: string) =>
  readLabelledRows(path, { ...columns, id }, { append: () => undefined });

async function faultOf(content: string | Buffer, id?: string): Promise<Error> {
  writeFileSync(file, content);
  return read(file, id).then(
    () => new Error('nothing was thrown'),
    (error: unknown) => error as Error,
  );
}

const secret = 'PRIVATE';

describe('what is given in place of a table is named, with the remedy', () => {
  const rows = `id,text,joy,fear\n1,${secret},1,0\n2,b,0,1\n`;
  const cases: [claim: string, content: string | Buffer, message: RegExp][] = [
    ['semicolons', rows.replaceAll(',', ';'), /seems to be separated by semicolons; expected commas/],
    ['tabs', rows.replaceAll(',', '\t'), /seems to be separated by tabs/],
    ['vertical bars', rows.replaceAll(',', '|'), /seems to be separated by vertical bars/],
    [
      'semicolons, texts with commas',
      `id;text;joy;fear\n1;${secret}, and more;1;0\n`,
      /seems to be separated by semicolons/,
    ],
    ['JSON lines', `{"text": "${secret}"}\n{"text": "b"}\n`, /seems to be JSON/],
    ['JSON', `[{"text": "${secret}", "joy": 1}]`, /seems to be JSON/],
    ['gzip', gzipSync(rows), /the file is compressed \(gzip\).*Decompress it/],
    [
      'zip',
      zip([{ name: 'train.csv', bytes: Buffer.from(rows) }]),
      /the file is compressed \(zip\).*Unpack it/,
    ],
    [
      'a workbook',
      zip([{ name: '[Content_Types].xml', bytes: Buffer.from('<x/>') }]),
      /the file is an Excel workbook.*Save the sheet as CSV/,
    ],
    ['Parquet', Buffer.from('PAR1....'), /the file is a Parquet file/],
    ['UTF-16 with a byte order mark', Buffer.from(`\ufeff${rows}`, 'utf16le'), /the file is UTF-16/],
    ['UTF-16 without one', Buffer.from(rows, 'utf16le'), /the file is UTF-16/],
    ['UTF-16, big end first', Buffer.from(rows, 'utf16le').swap16(), /the file is UTF-16/],
    ['a blank first line', `\n${rows}`, /the first line is blank/],
    ['rows without a header', `r0,${secret} went,1,1\nr1,b,0,0\n`, /the first row looks like data/],
    [
      'rows without a header, all cells different',
      `r0,${secret} went,1,0\nr1,b,0,0\n`,
      /the first row looks like data/,
    ],
    [
      'a zero-width space',
      rows.replace('text', '\u200btext'),
      /no text column.*Is "text" column 2, which has an invisible character \(U\+200B\)\?/,
    ],
    [
      'a second byte order mark',
      `\ufeff\ufeff${rows.replace('id,', '')}`,
      /Is "text" column 1, which has an invisible character \(U\+FEFF\)\?/,
    ],
    ['another case', rows.replace('joy', 'Joy'), /a label column is missing.*Is "joy" column 3, "Joy"\?/],
    [
      'a blank beside a name',
      rows.replace(',fear', ', fear'),
      /Is "fear" column 4, "fear" with blanks around it\?/,
    ],
  ];
  it.each(cases)('%s', async (_, content, message) => {
    const fault = await faultOf(content);
    expect(fault).toBeInstanceOf(TableFault);
    expect(fault.message).toMatch(message);
    expect(JSON.stringify([fault.message, fault.stack, fault])).not.toContain(secret);
  });
});

describe('no cell of a table without a header is told', () => {
  const words = 'went went again house today house went a glad night';
  const cases: [claim: string, content: string][] = [
    ['of texts and labels', `r0,${secret} ${words},1,1\nr1,b,0,0\n`],
    ['of texts alone', `${secret} ${words}\n`],
    ['of ids and short texts', `r0,${secret}\nr1,b\n`],
    ['of the same text twice', `${secret},${secret}\n`],
    ['of a text with a semicolon', `${secret}; ${words}\n`],
    ['of a text that nearly is a label', `${secret},joi\n`],
    ['of a text that is a label', `${secret},joy\n`],
    ['of a text that is a label, and labels', `${secret},joy,1,0\n`],
  ];
  it.each(cases)('%s', async (_, content) => {
    const fault = await faultOf(content);
    expect(fault).toBeInstanceOf(TableFault);
    expect(fault.message).not.toContain(secret);
    expect(fault.message).not.toContain('joi');
  });
});

describe('the id column', () => {
  const rows = (id: string) => `${id},text,joy,fear\n7,a,1,0\n8,b,0,1\n`;

  it('that is set must be there', async () => {
    expect((await faultOf(rows('id'), 'row')).message).toMatch(
      /there is no id column; found the columns .*; expected "row"\. Correct data\.id/,
    );
  });

  it('that is set and there is taken', async () => {
    writeFileSync(file, rows('row'));
    const { ids, warnings } = await read(file, 'row');
    expect([ids?.at(0), ids?.at(1), warnings]).toEqual(['7', '8', []]);
  });

  it.each([
    ['another case', 'Id', /is it column 1, "Id"\?/],
    ['capitals', 'ID', /is it column 1, "ID"\?/],
    ['a blank', ' id', /is it column 1, "id" with blanks around it\?/],
    ['a second byte order mark', '\ufeff\ufeffid', /invisible character \(U\+FEFF\)/],
  ])('that is not set and nearly there is guessed: %s', async (_, id, guess) => {
    writeFileSync(file, rows(id));
    const { ids, warnings } = await read();
    expect(ids).toBeNull();
    expect(warnings).toEqual([expect.stringMatching(/there is no column "id", so rows are numbered/)]);
    expect(warnings[0]).toMatch(guess);
  });

  it('that is not set and not there leaves the rows numbered, without a word', async () => {
    writeFileSync(file, rows('number'));
    expect(await read()).toMatchObject({ ids: null, warnings: [] });
  });

  it('finds a repetition among ids whatever they are', async () => {
    const ids = Array.from({ length: 5000 }, (_, row) => `${row % 3 === 0 ? 'é' : 'x'}${row}`);
    const table = (list: readonly string[]) => `id,text\n${list.map((id) => `"${id}",a\n`).join('')}`;
    writeFileSync(file, table(ids));
    const sink = { append: () => undefined };
    expect((await readTextRows(file, columns, sink)).rows).toBe(5000);
    writeFileSync(file, table([...ids, ids[123]!]));
    await expect(readTextRows(file, columns, sink)).rejects.toThrow(
      /row 5001 \(line 5002\), column "id": the id is the same as in row 124 \(line 125\)/,
    );
  });
});

describe('what is no file is refused at once', () => {
  it.skipIf(process.platform === 'win32')('a pipe', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await expect(read(pipe)).rejects.toThrow(/pipe: this is a pipe, not a file.*Save the table as a file/);
  });

  it.skipIf(process.platform === 'win32')('a device', async () => {
    await expect(read('/dev/zero')).rejects.toThrow(/this is a device or a socket, not a file/);
  });

  it.skipIf(process.platform === 'win32')('a socket', async () => {
    const socket = join(folder, 'socket');
    const server = createServer().listen(socket);
    await new Promise((resolve) => server.once('listening', resolve));
    await expect(read(socket)).rejects.toThrow(/this is a device or a socket, not a file/);
    server.close();
  });

  it('a folder', async () => {
    await expect(read(folder)).rejects.toThrow(/this is a folder, not a file/);
  });
});

describe('what is large is read in time that grows with it', () => {
  it('a header of 200,000 columns', async () => {
    const names = Array.from({ length: 200_000 }, (_, column) => `c${column}`).join(',');
    expect((await faultOf(`${names}\n${names}\n`)).message).toMatch(/200000 columns of other names/);
    expect((await faultOf(`text,${names},c7\n`)).message).toMatch(/label columns are missing/);
  });

  it('millions of blank rows end the reading at the first', async () => {
    const fault = await faultOf(`text,joy,fear\n${'\n'.repeat(5_000_000)}`);
    expect(fault.message).toMatch(/row 1 \(line 2\): the row is a blank line/);
  });

  it('a line without end is too long, before all of it is read', async () => {
    expect((await faultOf(','.repeat(8 << 20))).message).toMatch(/line 1: the row is too long/);
    const fault = await faultOf(`text,joy,fear\n${','.repeat(36 << 20)}`);
    expect(fault.message).toMatch(/row 1 \(line 2\): the row is too long/);
  });
});
