import { createHash, randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EnvironmentFault } from '../../errors/fault.js';
import { readSafetensorsHeader } from './safetensors-header.js';
import { openWeightFile } from './stored-tensor.js';
import { StoredWeights, type WeightReader } from './weight-reader.js';

/** Bytes handed to the file system and the hash at a time. */
const chunk = 8 << 20;

/** A tensor to be written: row-major float32. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Or how it is got when its turn comes, so that no two of them need be held at once. */
  readonly data: Float32Array | (() => Promise<Float32Array>);
}

export async function openSafetensors(path: string): Promise<WeightReader> {
  const file = await openWeightFile(path);
  try {
    return new StoredWeights((await readSafetensorsHeader(file)).tensors, [file]);
  } catch (fault) {
    await file.handle.close();
    throw fault;
  }
}

/**
 * Writes a safetensors file whole or not at all: under a temporary name, flushed, then renamed.
 * The bytes depend on names, shapes, data and metadata alone, not on the order they come in.
 * Returns the file's SHA-256 (hexadecimal) and size.
 *
 * @throws EnvironmentFault where it cannot be written, and whatever the getting of a tensor throws
 * @param options.flush false where whoever takes the file flushes it: a power cut may tear it until then
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<NamedTensor>,
  metadata: Readonly<Record<string, string>> = {},
  { flush = true }: { readonly flush?: boolean } = {},
): Promise<{ sha256: string; bytes: number }> {
  const ordered = [...tensors].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const header = encodeHeader(ordered, metadata);
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const bytes = ordered.reduce((sum, { shape }) => sum + byteLength(shape), header.length);
    const written = await writeParts(temporary, partsOf(header, ordered), bytes, flush);
    await rename(temporary, path);
    if (flush) await flushFolder(dirname(path));
    return written;
  } catch (cause) {
    await rm(temporary, { force: true });
    if (cause instanceof NotGot) throw cause.cause;
    throw new EnvironmentFault(
      {
        where: path,
        what: 'the weights cannot be written',
        remedy: 'Check the free space and the permissions.',
      },
      { cause },
    );
  }
}

/** Eight bytes of length and the JSON, padded with spaces so that the data begins at a multiple of 8. */
function encodeHeader(tensors: readonly NamedTensor[], metadata: Readonly<Record<string, string>>): Buffer {
  const entries: [string, unknown][] = [];
  const sorted = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  if (sorted.length > 0) entries.push(['__metadata__', Object.fromEntries(sorted)]);
  let end = 0;
  tensors.forEach(({ name, shape }, index) => {
    if (name === '__metadata__' || name === tensors[index - 1]?.name) {
      throw new RangeError(`tensor ${name} cannot be written twice, nor under a reserved name`);
    }
    const begin = end;
    end += byteLength(shape);
    entries.push([name, { dtype: 'F32', shape, data_offsets: [begin, end] }]);
  });
  // Written entry by entry: an object would put names that look like numbers first.
  const json = `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`;
  const text = Buffer.from(json);
  const padded = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8, ' ');
  padded.writeBigUInt64LE(BigInt(padded.length - 8));
  text.copy(padded, 8);
  return padded;
}

function byteLength(shape: readonly number[]): number {
  return shape.reduce((count, extent) => count * extent, Float32Array.BYTES_PER_ELEMENT);
}

/** The failure of getting a tensor, which is none of writing it. */
class NotGot extends Error {}

async function* partsOf(header: Buffer, tensors: readonly NamedTensor[]): AsyncGenerator<Uint8Array> {
  yield header;
  for (const tensor of tensors) {
    const { buffer, byteOffset, byteLength } = await valuesOf(tensor);
    yield new Uint8Array(buffer, byteOffset, byteLength);
  }
}

async function valuesOf({ name, shape, data }: NamedTensor): Promise<Float32Array> {
  try {
    const values = typeof data === 'function' ? await data() : data;
    if (values.byteLength === byteLength(shape)) return values;
    throw new RangeError(
      `tensor ${name} has ${values.length} values, which do not fit [${shape.join(', ')}]`,
    );
  } catch (cause) {
    throw new NotGot('a tensor could not be had', { cause });
  }
}

async function writeParts(
  path: string,
  parts: AsyncIterable<Uint8Array>,
  total: number,
  flush: boolean,
): Promise<{ sha256: string; bytes: number }> {
  const handle = await open(path, 'wx');
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const piece of pieces(parts, total)) {
      hash.update(piece);
      await handle.writeFile(piece);
      bytes += piece.length;
    }
    if (flush) await handle.sync();
    return { sha256: hash.digest('hex'), bytes };
  } finally {
    await handle.close();
  }
}

/**
 * The parts one after the other, in copies of equal size: the source may lie in shared memory, which
 * neither the hash nor the file system takes, and a write for each of many small parts would cost more.
 */
async function* pieces(parts: AsyncIterable<Uint8Array>, total: number): AsyncGenerator<Buffer> {
  let left = total;
  let piece = Buffer.allocUnsafe(Math.min(chunk, left));
  let filled = 0;
  for await (const part of parts) {
    for (let from = 0; from < part.length;) {
      const taken = Math.min(part.length - from, piece.length - filled);
      piece.set(part.subarray(from, from + taken), filled);
      [from, filled] = [from + taken, filled + taken];
      if (filled < piece.length) continue;
      yield piece;
      left -= filled;
      piece = Buffer.allocUnsafe(Math.min(chunk, left));
      filled = 0;
    }
  }
}

/** A rename is durable once its folder is; not every system can flush a folder. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
