import { z } from 'zod';

/**
 * A column file: the prepared rows of a table, read by ranges and never as one text.
 *
 *     magic      8 bytes, "foldcol1"
 *     sections   each at a multiple of 8
 *     footer     JSON, see `footerSchema`
 *     length     of the footer in bytes, uint32, then 4 bytes of 0
 *     magic      again
 *
 * Numbers are little-endian, as they are in the memory of every processor that foldwise runs on. The
 * sections of a column:
 *
 *     texts       all texts as UTF-8, one after the other; and rows + 1 offsets into them, uint32
 *     bytes       `width` bytes of each row
 *     integers    an int32 of each row
 *     rowNumbers  none: the texts 0, 1, 2 …
 */
export const magic = Buffer.from('foldcol1', 'latin1');

export const alignment = 8;
/** What stands after the footer: its length, padding, the magic. */
export const tailBytes = 8 + magic.length;

/** Texts of one column together: what an offset can tell. */
export const maxTextBytes = 2 ** 32 - 1;
/** Bounds the memory that is taken per row while a table is read. */
export const maxRows = 2 ** 26;
/** Names of columns are short, and there are few. */
export const maxFooterBytes = 1 << 16;

const place = z.int().min(magic.length).multipleOf(alignment);
const name = z.string().min(1).max(64);

const column = z.discriminatedUnion('kind', [
  z.strictObject({
    name,
    kind: z.literal('texts'),
    at: place,
    bytes: z.int().min(0).max(maxTextBytes),
    offsetsAt: place,
  }),
  z.strictObject({ name, kind: z.literal('bytes'), at: place, width: z.int().min(1).max(1_000_000) }),
  z.strictObject({ name, kind: z.literal('integers'), at: place }),
  z.strictObject({ name, kind: z.literal('rowNumbers') }),
]);

export const footerSchema = z.strictObject({
  rows: z.int().min(0).max(maxRows),
  columns: z.array(column).max(16),
});

export type Footer = z.output<typeof footerSchema>;
export type Column = z.output<typeof column>;

/** Bytes that a column's parts take, by their place in the file. */
export function sectionsOf(column: Column, rows: number): { at: number; bytes: number }[] {
  switch (column.kind) {
    case 'texts':
      return [
        { at: column.at, bytes: column.bytes },
        { at: column.offsetsAt, bytes: 4 * (rows + 1) },
      ];
    case 'bytes':
      return [{ at: column.at, bytes: column.width * rows }];
    case 'integers':
      return [{ at: column.at, bytes: 4 * rows }];
    case 'rowNumbers':
      return [];
  }
}
