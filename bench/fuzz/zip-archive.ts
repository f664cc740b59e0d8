import { crc32 as crcOf } from 'node:zlib';

export interface ZipEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What the central directory claims in place of the truth. */
  readonly claims?: { readonly method?: number; readonly size?: number; readonly offset?: number };
}

/** A zip of stored entries, its directory lying where told to. */
export function zip(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes, claims = {} } of entries) {
    const crc = crcOf(bytes);
    const local = Buffer.concat([
      header(0x04034b50, name, bytes.length, crc, 0, []),
      Buffer.from(name),
      bytes,
    ]);
    const size = claims.size ?? bytes.length;
    const tail = [0, 0, 0, 0, 0].map((value) => [value, 2] as const);
    directory.push(
      header(0x02014b50, name, size, crc, claims.method ?? 0, [
        ...tail.slice(0, 3),
        [0, 4],
        [claims.offset ?? offset, 4],
      ]),
      Buffer.from(name),
    );
    locals.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = fields([
    [0x06054b50, 4],
    [0, 2],
    [0, 2],
    [entries.length, 2],
    [entries.length, 2],
    [central.length, 4],
    [offset, 4],
    [0, 2],
  ]);
  return Buffer.concat([...locals, central, end]);
}

type Numbers = readonly (readonly [value: number, bytes: number])[];

function header(
  signature: number,
  name: string,
  size: number,
  crc: number,
  method: number,
  tail: Numbers,
): Buffer {
  const central = signature === 0x02014b50;
  const versions: Numbers = central
    ? [
        [20, 2],
        [20, 2],
      ]
    : [[20, 2]];
  return fields([
    [signature, 4],
    ...versions,
    [0x800, 2],
    [method, 2],
    [0, 4],
    [crc, 4],
    [size, 4],
    [size, 4],
    [Buffer.byteLength(name), 2],
    [0, 2],
    ...tail,
  ]);
}

function fields(numbers: Numbers): Buffer {
  const buffer = Buffer.alloc(numbers.reduce((sum, [, bytes]) => sum + bytes, 0));
  let at = 0;
  for (const [value, bytes] of numbers) at = buffer.writeUIntLE(value, at, bytes);
  return buffer;
}
