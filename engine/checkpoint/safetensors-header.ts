import { InputFault } from '../../errors/fault.js';
import { bytesPerElement, elementFormats, isElementFormat } from './element-format.js';
import {
  elementCount,
  isReasonableShape,
  readBytes,
  rowMajorStrides,
  truncated,
  type StoredTensor,
  type WeightFile,
} from './stored-tensor.js';
import { HeaderFault, HeaderObject, parseStrictJson, type HeaderValue } from './strict-json.js';

/** What a safetensors file says of itself. */
export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Its `__metadata__`; null where it has none. */
  readonly metadata: ReadonlyMap<string, string> | null;
}

/** A tensor takes some hundred bytes of it. The reference implementation allows six times as much. */
const maxHeaderBytes = 16 << 20;

/**
 * The header of an open safetensors file. As in the reference implementation the data must be covered
 * by the tensors without holes or overlaps, so that no byte is hidden or used twice.
 */
export async function readSafetensorsHeader(file: WeightFile): Promise<SafetensorsHeader> {
  if (file.bytes < 8) throw truncated(file, 8);
  const length = (await readBytes(file, 0, 8)).readBigUInt64LE();
  if (length > BigInt(file.bytes - 8)) {
    throw broken(file, `it announces a header of ${length} bytes and has ${file.bytes} bytes in all`);
  }
  if (length > BigInt(maxHeaderBytes)) {
    throw broken(file, `it announces a header of ${length} bytes, more than ${maxHeaderBytes}`);
  }
  const headerBytes = Number(length);
  const header = parseText(file, await readBytes(file, 8, headerBytes));
  const dataStart = 8 + headerBytes;
  const metadata = parseMetadata(file, header.entries.get('__metadata__'));
  const spans = [...header.entries]
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => parseEntry(file, name, entry, dataStart));
  checkCoverage(file, spans, dataStart);
  return { metadata, tensors: new Map(spans.map(({ name, tensor }) => [name, tensor])) };
}

function parseText(file: WeightFile, bytes: Buffer): HeaderObject {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw broken(file, 'its header is not UTF-8');
  }
  try {
    const value = parseStrictJson(text);
    if (value instanceof HeaderObject) return value;
  } catch (error) {
    throw error instanceof HeaderFault ? broken(file, `its header is refused: ${error.message}`) : error;
  }
  throw broken(file, 'its header is not an object');
}

function parseMetadata(file: WeightFile, value: HeaderValue | undefined): ReadonlyMap<string, string> | null {
  if (value === undefined) return null;
  const entries = value instanceof HeaderObject ? [...value.entries] : undefined;
  const texts = entries?.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  if (texts !== undefined && texts.length === entries?.length) return new Map(texts);
  throw broken(file, 'its __metadata__ holds something else than texts');
}

interface Span {
  readonly name: string;
  readonly tensor: StoredTensor;
  readonly begin: number;
  readonly end: number;
}

function parseEntry(file: WeightFile, name: string, entry: HeaderValue, dataStart: number): Span {
  const tellable = JSON.stringify(name.slice(0, 80));
  const of = (key: string): HeaderValue | undefined =>
    entry instanceof HeaderObject ? entry.entries.get(key) : undefined;
  const [dtype, shape, offsets] = [of('dtype'), of('shape'), of('data_offsets')];
  if (!isElementFormat(dtype)) {
    throw new InputFault({
      where: file.path,
      what: `tensor ${tellable} has a number format that is not supported`,
      expected: elementFormats.join(', '),
      found: typeof dtype === 'string' ? JSON.stringify(dtype.slice(0, 40)) : 'none',
    });
  }
  if (!isSizes(shape) || !isReasonableShape(shape) || !isSizes(offsets) || offsets.length !== 2) {
    throw broken(file, `tensor ${tellable} has no proper shape and offsets`);
  }
  const [begin, end] = offsets as [number, number];
  const bytes = elementCount(shape) * bytesPerElement(dtype);
  if (end - begin !== bytes) {
    throw broken(
      file,
      `tensor ${tellable} of shape [${shape.join(', ')}] takes ${bytes} bytes, not ${end - begin}`,
    );
  }
  const tensor = { file, format: dtype, shape, strides: rowMajorStrides(shape), position: dataStart + begin };
  return { name, tensor, begin, end };
}

function checkCoverage(file: WeightFile, spans: readonly Span[], dataStart: number): void {
  const ordered = [...spans].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const span of ordered) {
    if (span.begin !== end) {
      throw broken(
        file,
        `tensor ${JSON.stringify(span.name.slice(0, 80))} ${span.begin < end ? 'overlaps another' : 'leaves a hole before it'}`,
      );
    }
    end = span.end;
  }
  if (dataStart + end > file.bytes) throw truncated(file, dataStart + end);
  if (dataStart + end < file.bytes) {
    throw broken(file, `${file.bytes - dataStart - end} bytes follow the last tensor`);
  }
}

function isSizes(value: HeaderValue | undefined): value is number[] {
  return Array.isArray(value) && value.every((size) => typeof size === 'number');
}

function broken(file: WeightFile, what: string): InputFault {
  return new InputFault({
    where: file.path,
    what: `not a valid safetensors file: ${what}`,
    remedy: 'Download or copy the checkpoint again.',
  });
}
