import { InputFault } from '../../errors/fault.js';
import { readBytes, truncated, type WeightFile } from './stored-tensor.js';

/** Where an entry's bytes lie in the archive. */
export interface Span {
  readonly start: number;
  readonly bytes: number;
}

const maxEntries = 20_000;
const maxDirectoryBytes = 16 << 20;

const signature = {
  entry: 0x04034b50,
  directory: 0x02014b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  locator: 0x07064b50,
};

/**
 * The entries of a zip archive that holds them uncompressed, as `torch.save` writes it, by name, in the
 * archive's order. Anything else is refused, so nothing can inflate: compression, encryption, several
 * disks, a directory that is not at the end, two entries of one name (readers differ in which they take).
 */
export async function readStoredZip(file: WeightFile): Promise<Map<string, Span>> {
  const directory = await locateDirectory(file);
  if (directory.entries > maxEntries) {
    throw refuse(file, 'it has too many entries', `at most ${maxEntries}`, `${directory.entries}`);
  }
  if (directory.bytes > maxDirectoryBytes) {
    const expected = `at most ${maxDirectoryBytes} bytes`;
    throw refuse(file, 'its directory is too large', expected, `${directory.bytes}`);
  }
  const bytes = await readBytes(file, directory.start, directory.bytes);
  const spans = new Map<string, Span>();
  const names = new Set<string>();
  let at = 0;
  for (let left = directory.entries; left > 0; left--) {
    const entry = parseEntry(file, bytes.subarray(at));
    at += entry.length;
    // The library that torch uses looks names up without regard to case.
    const folded = entry.name.toLowerCase();
    if (names.has(folded)) throw refuse(file, 'two entries have one name', 'one', JSON.stringify(entry.name));
    names.add(folded);
    spans.set(entry.name, await spanOf(file, entry, directory.start));
  }
  if (at !== bytes.length) throw damaged(file);
  return spans;
}

interface Directory {
  readonly entries: number;
  readonly bytes: number;
  readonly start: number;
}

const endBytes = 22;
const end64Bytes = 56;
const locatorBytes = 20;

/** Behind the entries lie the directory, for large archives a second end with its locator, and the end. */
async function locateDirectory(file: WeightFile): Promise<Directory> {
  if (file.bytes < endBytes) throw truncated(file, endBytes);
  const tailBytes = Math.min(file.bytes, endBytes + locatorBytes + end64Bytes);
  const tail = await readBytes(file, file.bytes - tailBytes, tailBytes);
  const end = tail.subarray(-endBytes);
  if (end.readUInt32LE() !== signature.end) throw damaged(file);
  const small: Directory = {
    entries: end.readUInt16LE(10),
    bytes: end.readUInt32LE(12),
    start: end.readUInt32LE(16),
  };
  const large = tail.length < tailBytes ? undefined : parseEnd64(file, tail.subarray(0, -endBytes));
  const directory = large ?? small;
  const agrees =
    [directory.entries, 0xffff].includes(small.entries) &&
    [directory.bytes, 0xffffffff].includes(small.bytes) &&
    [directory.start, 0xffffffff].includes(small.start);
  const ends = file.bytes - endBytes - (large === undefined ? 0 : locatorBytes + end64Bytes);
  const disks = end.readUInt32LE(4);
  if (!agrees || disks !== 0 || end.readUInt16LE(8) !== small.entries) throw damaged(file);
  if (directory.start + directory.bytes !== ends) throw damaged(file);
  return directory;
}

/** @param tail what lies before the end; undefined where it is no second end */
function parseEnd64(file: WeightFile, tail: Buffer): Directory | undefined {
  if (tail.length < locatorBytes + end64Bytes) return undefined;
  const locator = tail.subarray(-locatorBytes);
  if (locator.readUInt32LE() !== signature.locator) return undefined;
  const end = tail.subarray(-locatorBytes - end64Bytes);
  const position = BigInt(file.bytes - endBytes - locatorBytes - end64Bytes);
  const entries = end.readBigUInt64LE(32);
  const sound =
    locator.readUInt32LE(4) === 0 &&
    locator.readBigUInt64LE(8) === position &&
    locator.readUInt32LE(16) === 1 &&
    end.readUInt32LE() === signature.end64 &&
    end.readBigUInt64LE(4) === BigInt(end64Bytes - 12) &&
    end.readBigUInt64LE(16) === 0n &&
    end.readBigUInt64LE(24) === entries;
  if (!sound) throw damaged(file);
  return {
    entries: Number(entries),
    bytes: Number(end.readBigUInt64LE(40)),
    start: Number(end.readBigUInt64LE(48)),
  };
}

interface DirectoryEntry {
  readonly name: string;
  readonly nameBytes: Buffer;
  readonly size: number;
  readonly offset: number;
  /** Bytes of the directory that it takes. */
  readonly length: number;
}

const fixedBytes = 46;

function parseEntry(file: WeightFile, bytes: Buffer): DirectoryEntry {
  if (bytes.length < fixedBytes || bytes.readUInt32LE() !== signature.directory) throw damaged(file);
  const flags = bytes.readUInt16LE(8);
  const method = bytes.readUInt16LE(10);
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((at) => bytes.readUInt16LE(at)) as [
    number,
    number,
    number,
  ];
  const length = fixedBytes + nameLength + extraLength + commentLength;
  if (bytes.length < length || bytes.readUInt16LE(34) !== 0) throw damaged(file);
  const nameBytes = bytes.subarray(fixedBytes, fixedBytes + nameLength);
  const extra = bytes.subarray(fixedBytes + nameLength, fixedBytes + nameLength + extraLength);
  const [size, packed, offset] = widened(
    file,
    [24, 20, 42].map((at) => bytes.readUInt32LE(at)),
    extra,
  ) as [number, number, number];
  // Bit 0: encrypted; 5: a patch; 6: strongly encrypted; 13: names masked.
  if (method !== 0 || size !== packed || (flags & 0b10000001100001) !== 0) {
    const expected = 'stored entries, as torch.save writes them';
    throw refuse(file, 'an entry is compressed or encrypted', expected, 'another kind');
  }
  return { name: decode(file, nameBytes), nameBytes, size, offset, length };
}

/** Numbers that do not fit 32 bits stand in an extra field, in their order. */
function widened(file: WeightFile, numbers: readonly number[], extra: Buffer): number[] {
  const wanted = numbers.filter((number) => number === 0xffffffff).length;
  if (wanted === 0) return [...numbers];
  for (let at = 0; at + 4 <= extra.length;) {
    const length = extra.readUInt16LE(at + 2);
    const field = extra.subarray(at + 4, at + 4 + length);
    if (extra.readUInt16LE(at) === 1 && field.length === length && length >= 8 * wanted) {
      let place = 0;
      return numbers.map((number) =>
        number === 0xffffffff ? Number(field.readBigUInt64LE(8 * place++)) : number,
      );
    }
    at += 4 + length;
  }
  throw damaged(file);
}

/** The bytes follow the entry's own header, which repeats its name. */
async function spanOf(file: WeightFile, entry: DirectoryEntry, limit: number): Promise<Span> {
  const { nameBytes, size, offset } = entry;
  const headerBytes = 30 + nameBytes.length;
  if (offset + headerBytes + size > limit) throw truncated(file, offset + headerBytes + size);
  const header = await readBytes(file, offset, headerBytes);
  const sound =
    header.readUInt32LE() === signature.entry &&
    header.readUInt16LE(8) === 0 &&
    header.readUInt16LE(26) === nameBytes.length &&
    header.subarray(30).equals(nameBytes);
  if (!sound) throw damaged(file);
  const start = offset + headerBytes + header.readUInt16LE(28);
  if (start + size > limit) throw truncated(file, start + size);
  return { start, bytes: size };
}

function decode(file: WeightFile, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw damaged(file);
  }
}

function damaged(file: WeightFile): InputFault {
  return new InputFault({
    where: file.path,
    what: 'the archive is damaged or truncated',
    remedy: 'Download or copy the checkpoint again.',
  });
}

/** A refusal of an archive that torch.save did not write. */
export function refuse(file: WeightFile, what: string, expected: string, found: string): InputFault {
  return new InputFault({
    where: file.path,
    what,
    expected,
    found,
    remedy: 'Save the weights again with torch.save(model.state_dict()), or use model.safetensors.',
  });
}
