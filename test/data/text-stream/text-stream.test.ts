import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { formatOf, type TextFormat } from '../../../data/text-stream/format.js';
import { fileSource, streamSource, type ByteSource } from '../../../data/text-stream/source.js';
import {
  TextStream,
  type StreamedRow,
  type TextStreamOptions,
} from '../../../data/text-stream/text-stream.js';
import { TableFault } from '../../../data/table-fault.js';
import type { TableColumns } from '../../../data/text-rows.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-stream-'));
afterAll(() => rmSync(folder, { recursive: true }));

const columns: TableColumns = { text: ['text', 'message'], id: undefined, labels: ['joy'] };
const secret = 'PRIVATE';

/** A source that comes in pieces of so many bytes. */
function inPieces(content: string | Buffer, size: number): ByteSource {
  const bytes = Buffer.from(content);
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += size) {
      await Promise.resolve();
      yield bytes.subarray(at, at + size);
    }
  }
  return streamSource('standard input', pieces());
}

async function rowsOf(source: ByteSource, options: TextStreamOptions) {
  const stream = await TextStream.open(source, options);
  const rows: StreamedRow[] = [];
  for await (const some of stream.rows()) rows.push(...some);
  await stream.close();
  return { rows, layout: stream.layout, warnings: stream.warnings };
}

const shown = ({ id, idIsNumber, text, line }: StreamedRow) => [idIsNumber ? `#${id}` : id, text, line];

const tables: [claim: string, format: TextFormat, content: string, rows: [string, string, number][]][] = [
  [
    'CSV: quotes, line breaks in cells and columns that are not asked for',
    'csv',
    '\ufeffid,joy,text\r\n007,1,"a ""b"",\r\nc"\r\nžlutý,x,🐎\r\n3,,\r\n4,0,no line break at the end',
    [
      ['007', 'a "b",\r\nc', 2],
      ['žlutý', '🐎', 4],
      ['3', '', 5],
      ['4', 'no line break at the end', 6],
    ],
  ],
  [
    'CSV that ends in CR, without ids',
    'csv',
    'message\ra\r""\rb\r',
    [
      ['#0', 'a', 2],
      ['#1', '', 3],
      ['#2', 'b', 4],
    ],
  ],
  [
    'TSV: commas are text, quotes as in CSV',
    'tsv',
    'id\ttext\na,b\t1, 2\n"c"\t"x\ty"\n',
    [
      ['a,b', '1, 2', 2],
      ['c', 'x\ty', 3],
    ],
  ],
  [
    'JSON lines: ids are texts or numbers, verbatim',
    'jsonl',
    '\ufeff{"text":"a\\u00e9\\n","id":12345678901234567890}\r\n{"id" : 1.50 ,"x":{"id":[1,"}{"]},"text":"b"}\n{"text":"🐎","id":"1e3"}\n { "message": 1, "text": "c", "i\\u0064": -1E+400 }',
    [
      ['#12345678901234567890', 'aé\n', 1],
      ['#1.50', 'b', 2],
      ['1e3', '🐎', 3],
      ['#-1E+400', 'c', 4],
    ],
  ],
  [
    'JSON lines without ids are numbered',
    'jsonl',
    '{"message":"a"}\n{"message":""}\n',
    [
      ['#0', 'a', 1],
      ['#1', '', 2],
    ],
  ],
];

describe('a table is read verbatim', () => {
  it.each(tables)('%s, whatever pieces it comes in', async (_, format, content, expected) => {
    for (const size of [1, 2, 3, 7, 1000]) {
      const { rows } = await rowsOf(inPieces(content, size), { format, columns });
      expect(rows.map(shown), `pieces of ${size}`).toEqual(expected);
    }
  });

  it.each(tables)('%s, and on from the place after any row', async (_, format, content, expected) => {
    const file = join(folder, 'from');
    writeFileSync(file, content);
    const whole = await rowsOf(await fileSource(file), { format, columns });
    const layout = JSON.parse(JSON.stringify(whole.layout)) as typeof whole.layout;
    for (const [row, { end }] of whole.rows.entries()) {
      const options = { format, columns, from: { place: end, layout } };
      const rest = await rowsOf(await fileSource(file), options);
      expect(rest.rows).toEqual(whole.rows.slice(row + 1));
      expect((await rowsOf(inPieces(content, 5), options)).rows).toEqual(rest.rows);
    }
    expect(whole.rows.at(-1)!.end).toMatchObject({
      offset: Buffer.byteLength(content),
      rows: expected.length,
    });
  });

  it('knows the format by the end of a name', () => {
    expect(['a.CSV', 'a.tsv', 'b.jsonl', 'b.ndjson', 'c.txt', '-'].map(formatOf)).toEqual([
      'csv',
      'tsv',
      'jsonl',
      'jsonl',
      undefined,
      undefined,
    ]);
  });

  it('warns of an id column that is not quite one', async () => {
    const { warnings } = await rowsOf(inPieces('ID,text\n1,x\n', 100), { format: 'csv', columns });
    expect(warnings).toEqual([expect.stringMatching(/no column "id", so rows are numbered; is it column 1/)]);
  });
});

const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const lines = (second: string): string => `{"id":1,"text":"${secret}"}\n${second}\n`;

const broken: [claim: string, format: TextFormat, content: string | Buffer, message: RegExp][] = [
  ['nothing', 'csv', '', /the file is empty.*a header and rows/],
  ['nothing', 'jsonl', '', /the file is empty.*a JSON object on each line/],
  ['no text column', 'tsv', 'id\ttxt\n', /there is no text column.*one of text, message/],
  ['no text key', 'jsonl', '{"id":1,"txt":"x"}\n', /there is no text column.*one of text, message/],
  ['commas in TSV', 'tsv', 'id,text\n1,x\n', /separated by commas; expected tabs/],
  ['tabs in CSV', 'csv', 'id\ttext\n1\tx\n', /separated by tabs; expected commas/],
  [
    'a quote that is never closed',
    'csv',
    `id,text\n1,x\n2,"${secret}\n3,x\n`,
    /row 2 \(line 3\): a quote is opened/,
  ],
  ['a row too short', 'tsv', `id\ttext\n1\t"x\n"\n${secret}\n`, /row 2 \(line 4\): the row is too short/],
  ['a blank line', 'csv', 'id,text\n1,x\n\n2,y\n', /row 2 \(line 3\): the row is a blank line/],
  ['a blank line', 'jsonl', lines('\r'), /row 2 \(line 2\)|line 2, row 2/],
  [
    'invalid UTF-8',
    'csv',
    Buffer.from(`id,text\n1,${secret}\n2,\xff\n`, 'latin1'),
    /line 3: the file is not UTF-8/,
  ],
  [
    'a character cut off at the end',
    'jsonl',
    Buffer.from('{"text":"é"}').subarray(0, 10),
    /line 1: the file is not UTF-8/,
  ],
  ['a NUL byte', 'csv', 'id,text\n1,x\n2,\0\n', /line 3: there is a NUL byte/],
  [
    'a NUL in an escape',
    'jsonl',
    lines('{"id":2,"text":"\\u0000"}'),
    /"text" is no Unicode text; found a NUL/,
  ],
  [
    'half a surrogate pair',
    'jsonl',
    lines('{"id":"\\ud800","text":""}'),
    /"id" is no Unicode text; found half/,
  ],
  ['something that is no JSON', 'jsonl', lines(`{"id":2,${secret}`), /row 2 \(line 2\): the line is no JSON/],
  ['a list', 'jsonl', lines('[1]'), /the line is no JSON object; found a list/],
  ['a number', 'jsonl', lines('1'), /the line is no JSON object; found a number/],
  ['a key twice', 'jsonl', lines(`{"id":2,"id":3,"text":"${secret}"}`), /the object has a key twice/],
  [
    'a key twice, one in escapes',
    'jsonl',
    lines('{"id":2,"i\\u0064":3,"text":""}'),
    /the object has a key twice/,
  ],
  ['no text', 'jsonl', lines('{"id":2}'), /the object has no "text", which the first one has/],
  [
    'null in place of a text',
    'jsonl',
    lines('{"id":2,"text":null}'),
    /"text" cannot be used; found null; expected a text/,
  ],
  [
    'a number in place of a text',
    'jsonl',
    lines('{"id":2,"text":5}'),
    /"text" cannot be used; found a number/,
  ],
  ['no id', 'jsonl', lines('{"text":"x"}'), /the object has no "id", which the first one has/],
  [
    'an object as id',
    'jsonl',
    lines('{"id":{},"text":""}'),
    /"id" cannot be used; found an object; expected a text or a number/,
  ],
  [
    'an id without end',
    'csv',
    `id,text\n${'x'.repeat(5000)},y\n`,
    /row 1 \(line 2\): the id is too long; expected at most 4096/,
  ],
  ['a number without end', 'jsonl', `{"text":"","id":${'9'.repeat(100_000)}}`, /the id is too long/],
  [
    'nesting without end',
    'jsonl',
    lines(`{"id":2,"text":"","x":${deep(1_000_000)}}`),
    /the object is too deep; expected at most 64/,
  ],
  [
    'values without end',
    'jsonl',
    lines(`{"id":2,"text":"","x":[${'1,'.repeat(100_000)}1]}`),
    /too many values; expected at most 65536/,
  ],
  ['gzip', 'csv', Buffer.from('\x1f\x8b\x08', 'latin1'), /compressed \(gzip\)/],
  ['a workbook', 'jsonl', Buffer.from('PK\x03\x04xl/', 'latin1'), /an Excel workbook/],
  ['JSON lines', 'csv', '{"text":"x"}\n', /seems to be JSON.*Say so where it is JSON lines/],
];

describe('what is no such table is refused with its place and never its text', () => {
  it.each(broken)('%s (%s)', async (_, format, content, message) => {
    const reading = rowsOf(inPieces(content, 1 << 18), { format, columns });
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toThrow(TableFault);
    await expect(reading).rejects.not.toThrow(secret);
  });

  it.each(broken)('%s (%s), its source being closed', async (_, format, content) => {
    let closed = 0;
    const source = { ...inPieces(content, 1 << 18), close: () => Promise.resolve(void closed++) };
    const reading = (async () => {
      const stream = await TextStream.open(source, { format, columns });
      try {
        for await (const rows of stream.rows()) void rows;
      } finally {
        await stream.close();
      }
    })();
    await expect(reading).rejects.toThrow(TableFault);
    expect(closed).toBe(1);
  });

  it('after the rows before it', async () => {
    const source = inPieces('id,text\n1,x\n2,y\n3\n', 1000);
    const stream = await TextStream.open(source, { format: 'csv', columns });
    const ids: string[] = [];
    const reading = (async () => {
      for await (const rows of stream.rows()) ids.push(...rows.map(({ id }) => id));
    })();
    await expect(reading).rejects.toThrow(/row 3 \(line 4\): the row is too short/);
    expect(ids).toEqual(['1', '2']);
  });

  it('a folder, a pipe and a device', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await expect(fileSource(folder)).rejects.toThrow(/this is a folder, not a file/);
    await expect(fileSource(pipe)).rejects.toThrow(/this is a pipe.*Read it as standard input: name -/);
    await expect(fileSource('/dev/zero')).rejects.toThrow(/this is a device/);
    await expect(fileSource(join(folder, 'absent'))).rejects.toThrow(/there is no such file/);
  });

  it('a file that is changed while it is read', async () => {
    const file = join(folder, 'growing.csv');
    writeFileSync(file, `id,text\n${Array.from({ length: 100_000 }, (_, row) => `${row},x\n`).join('')}`);
    const stream = await TextStream.open(await fileSource(file), { format: 'csv', columns });
    appendFileSync(file, '7,x\n');
    await expect(
      (async () => {
        for await (const rows of stream.rows()) void rows;
      })(),
    ).rejects.toThrow(/growing\.csv: the file was changed while it was read/);
    await stream.close();
  });

  const endless: [claim: string, format: TextFormat, start: string, repeated: string, message: RegExp][] = [
    ['a line', 'jsonl', '{"text":"', 'x', /line 1: the line is too long/],
    ['a quoted cell', 'csv', 'id,text\n1,"', 'x', /row 1 \(line 2\): the row is too long/],
    ['a header', 'csv', '', 'x', /line 1: the row is too long/],
    ['empty lines', 'csv', 'id,text\n', '\n', /row 1 \(line 2\): the row is a blank line/],
    ['empty lines', 'jsonl', '', '\n', /line 1: the row is a blank line/],
    ['quotes', 'csv', 'id,text\n1,"', '""', /the row is too long/],
  ];
  it.each(endless)('%s without end (%s) in little memory', async (_, format, start, repeated, message) => {
    let given = 0;
    async function* pieces(): AsyncGenerator<Buffer> {
      yield Buffer.from(start);
      const piece = Buffer.from(repeated.repeat((1 << 18) / repeated.length));
      for (; given < 2 ** 30; given += piece.length) {
        await Promise.resolve();
        yield piece;
      }
    }
    const source = streamSource('standard input', pieces());
    await expect(rowsOf(source, { format, columns })).rejects.toThrow(message);
    expect(given).toBeLessThan(64 * 2 ** 20);
  });
});
