import { InputFault } from '../../errors/fault.js';
import { parseJsonObject } from './bounded-json.js';
import { bytesPerElement, elementFormats, isElementFormat } from './element-format.js';
import {
  elementCount,
  rowMajorStrides,
  truncated,
  type StoredTensor,
  type WeightFile,
} from './stored-tensor.js';

/**
 * The tensors of a safetensors header. As in the reference implementation the data must be covered
 * by the tensors without holes or overlaps, so that no byte is hidden or used twice.
 *
 * @param header undefined when it is longer than the file or than the limit allows
 */
export function parseHeader(
  file: WeightFile,
  headerBytes: number,
  header: Buffer | undefined,
): Map<string, StoredTensor> {
  if (header === undefined) {
    throw broken(file, `a header of ${headerBytes} bytes does not fit a file of ${file.bytes}`);
  }
  const dataStart = 8 + headerBytes;
  const spans = Object.entries(parseJsonObject(file.path, header))
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => parseEntry(file, name, entry, dataStart));
  checkCoverage(file, spans, dataStart);
  return new Map(spans.map(({ name, tensor }) => [name, tensor]));
}

interface Span {
  readonly name: string;
  readonly tensor: StoredTensor;
  readonly begin: number;
  readonly end: number;
}

function parseEntry(file: WeightFile, name: string, entry: unknown, dataStart: number): Span {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  if (!isElementFormat(dtype)) {
    throw new InputFault({
      where: file.path,
      what: `tensor ${name} has a number format that is not supported`,
      expected: elementFormats.join(', '),
      found: JSON.stringify(dtype)?.slice(0, 40) ?? 'none',
    });
  }
  if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) {
    throw broken(file, `tensor ${name} has no proper shape and offsets`);
  }
  const [begin, end] = offsets as [number, number];
  const bytes = elementCount(shape) * bytesPerElement(dtype);
  if (end - begin !== bytes) {
    throw broken(
      file,
      `tensor ${name} of shape [${shape.join(', ')}] takes ${bytes} bytes, not ${end - begin}`,
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
        `tensor ${span.name} ${span.begin < end ? 'overlaps another' : 'leaves a hole before it'}`,
      );
    }
    end = span.end;
  }
  if (dataStart + end > file.bytes) throw truncated(file, dataStart + end);
  if (dataStart + end < file.bytes) {
    throw broken(file, `${file.bytes - dataStart - end} bytes follow the last tensor`);
  }
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
}

function broken(file: WeightFile, what: string): InputFault {
  return new InputFault({
    where: file.path,
    what: `not a valid safetensors file: ${what}`,
    remedy: 'Download or copy the checkpoint again.',
  });
}
