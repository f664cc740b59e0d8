/** What a file is in place of a CSV, and what to do about it. */
export interface ForeignKind {
  readonly what: string;
  readonly remedy: string;
  /** Where it is JSON: as JSON lines it may be read. */
  readonly isJson?: boolean;
}

const compressed = (name: string): ForeignKind => ({
  what: `the file is compressed (${name})`,
  remedy: 'Decompress it.',
});
const exported = (what: string): ForeignKind => ({
  what,
  remedy: 'Export the table as CSV UTF-8, for example with pandas.',
});
const workbook: ForeignKind = {
  what: 'the file is an Excel workbook',
  remedy: 'Save the sheet as CSV UTF-8.',
};
const json: ForeignKind = {
  what: 'the file seems to be JSON',
  remedy: 'Convert it to CSV.',
  isJson: true,
};
const utf16: ForeignKind = { what: 'the file is UTF-16', remedy: 'Save it as CSV UTF-8.' };

/** First bytes, each a character of Latin-1. */
const signatures: readonly (readonly [string, ForeignKind])[] = [
  ['\x1f\x8b', compressed('gzip')],
  ['BZh', compressed('bzip2')],
  ['\xfd7zXZ\0', compressed('xz')],
  ['\x28\xb5\x2f\xfd', compressed('zstd')],
  ['7z\xbc\xaf\x27\x1c', compressed('7z')],
  ['PAR1', exported('the file is a Parquet file')],
  ['ARROW1', exported('the file is an Arrow file')],
  ['SQLite format 3\0', exported('the file is an SQLite database')],
  ['%PDF-', exported('the file is a PDF')],
  ['\xd0\xcf\x11\xe0', workbook],
  ['\xff\xfe', utf16],
  ['\xfe\xff', utf16],
];

/** What a file is, by its start, where that is plainly no CSV in UTF-8. */
export function foreignKind(start: Buffer): ForeignKind | undefined {
  const head = start.subarray(0, 4096).toString('latin1');
  if (head.startsWith('PK\x03\x04')) return zipKind(head);
  const known = signatures.find(([signature]) => head.startsWith(signature));
  if (known !== undefined) return known[1];
  if (/^(?:ï»¿)?\s*[{[]\s*(?:\{\s*)?"/.test(head)) return json;
  return looksUtf16(head) ? utf16 : undefined;
}

/** A workbook is a zip archive, too, and names its parts at its start. */
function zipKind(head: string): ForeignKind {
  if (['[Content_Types].xml', '_rels/', 'xl/'].some((name) => head.includes(name))) return workbook;
  return { ...compressed('zip'), remedy: 'Unpack it, and name the CSV inside.' };
}

/** Latin letters in UTF-16 have a NUL as every other byte. */
function looksUtf16(head: string): boolean {
  const start = head.slice(0, 64);
  const nulsAt = (place: number): number =>
    [...start].filter((byte, index) => byte === '\0' && index % 2 === place).length;
  const nuls = [nulsAt(0), nulsAt(1)];
  return Math.max(...nuls) > start.length / 4 && Math.min(...nuls) === 0;
}
