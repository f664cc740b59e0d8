import { EnvironmentFault, InputFault } from '../../errors/fault.js';
import { bytesPerElement, decodeElements, type ElementFormat } from './element-format.js';
import { openRegularFile, type RegularFile } from './regular-file.js';

/** Bytes read at a time: decoding needs no second copy of a whole tensor. */
const window = 8 << 20;

/** An open checkpoint file of known size. */
export type WeightFile = RegularFile;

/** Where a tensor lies in a file; strides are in elements, so that a transposed view can be read too. */
export interface StoredTensor {
  readonly file: WeightFile;
  readonly format: ElementFormat;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** Byte of the first element. */
  readonly position: number;
}

/** A part of a file: the elements of a tensor, row-major float32. */
export interface Place {
  readonly path: string;
  readonly position: number;
  readonly bytes: number;
}

/** Null for a tensor that is stored in another format or order, or not at a multiple of an element's size. */
export function placeOf(tensor: StoredTensor): Place | null {
  const { format, shape, position, file } = tensor;
  if (format !== 'F32' || !isRowMajor(tensor) || position % bytesPerElement(format) !== 0) return null;
  const bytes = elementCount(shape) * bytesPerElement(format);
  if (position + bytes > file.bytes) throw truncated(file, position + bytes);
  return { path: file.path, position, bytes };
}

export async function openWeightFile(path: string): Promise<WeightFile> {
  return openRegularFile(path, 'the file of weights');
}

/** Exactly `length` bytes at `position`; a file that ends before is an `InputFault`. */
export async function readBytes(file: WeightFile, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.handle
      .read(buffer, done, length - done, position + done)
      .catch((cause: unknown) => {
        throw new EnvironmentFault({ where: file.path, what: 'the weights cannot be read' }, { cause });
      });
    if (bytesRead === 0) throw truncated(file, position + length);
    done += bytesRead;
  }
  return buffer;
}

export function truncated(file: WeightFile, expected: number): InputFault {
  return new InputFault({
    where: file.path,
    what: 'the file is truncated',
    expected: `at least ${expected} bytes`,
    found: `${file.bytes}`,
    remedy: 'Download or copy the checkpoint again.',
  });
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** No tensor is larger, nor would be if a zero among its extents were a one: products stay exact. */
export function isReasonableShape(shape: readonly number[]): boolean {
  return shape.length <= 16 && elementCount(shape.filter((extent) => extent > 0)) <= 2 ** 48;
}

/** Strides, in elements, of a row-major tensor. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] as number) * (shape[axis + 1] as number);
  }
  return strides;
}

/** The whole tensor, row-major, as float32. */
export async function readTensor(tensor: StoredTensor): Promise<Float32Array> {
  const count = elementCount(tensor.shape);
  if (count === 0) return new Float32Array(0);
  if (isRowMajor(tensor)) return readSpan(tensor, 0, count);
  const last = tensor.shape.reduce((sum, extent, axis) => sum + (extent - 1) * stride(tensor, axis), 0);
  return gather(tensor, await readSpan(tensor, 0, last + 1), count);
}

/**
 * Those rows of a two-dimensional tensor, in the order given, `[rows.length, width]`. Neighbouring
 * rows are read together; the rest of the tensor never comes into memory.
 */
export async function readRows(tensor: StoredTensor, rows: Int32Array): Promise<Float32Array> {
  const [height, width] = tensor.shape as readonly [number, number];
  if (!isRowMajor(tensor)) {
    const whole = await readTensor(tensor);
    return rowsOf(rows, width, (row) => whole.subarray(row * width, (row + 1) * width));
  }
  const target = new Float32Array(rows.length * width);
  for (let from = 0; from < rows.length;) {
    const to = endOfGroup(rows, from, height, width * bytesPerElement(tensor.format));
    const first = rows[from] as number;
    const span = await readSpan(tensor, first * width, ((rows[to - 1] as number) - first + 1) * width);
    for (; from < to; from++) {
      const at = ((rows[from] as number) - first) * width;
      target.set(span.subarray(at, at + width), from * width);
    }
  }
  return target;
}

/** One past the last of the ascending rows that one window reaches from row number `from`. */
function endOfGroup(rows: Int32Array, from: number, height: number, rowBytes: number): number {
  const first = rows[from] as number;
  let to = from;
  for (let previous = first - 1; to < rows.length; to++) {
    const row = rows[to] as number;
    if (row < 0 || row >= height) throw new RangeError(`row ${row} of a tensor of ${height} rows`);
    const fits = row > previous && (row - first + 1) * rowBytes <= window;
    if (to > from && !fits) break;
    previous = row;
  }
  return to;
}

function rowsOf(rows: Int32Array, width: number, row: (index: number) => Float32Array): Float32Array {
  const target = new Float32Array(rows.length * width);
  rows.forEach((index, place) => target.set(row(index), place * width));
  return target;
}

/** `count` elements in storage order, beginning `start` elements after the tensor's first. */
async function readSpan(tensor: StoredTensor, start: number, count: number): Promise<Float32Array> {
  const width = bytesPerElement(tensor.format);
  const end = tensor.position + (start + count) * width;
  if (end > tensor.file.bytes) throw truncated(tensor.file, end);
  const target = new Float32Array(count);
  const step = window / width;
  for (let done = 0; done < count; done += step) {
    const length = Math.min(step, count - done);
    const bytes = await readBytes(tensor.file, tensor.position + (start + done) * width, length * width);
    decodeElements(tensor.format, bytes, target.subarray(done, done + length));
  }
  return target;
}

function gather(tensor: StoredTensor, storage: Float32Array, count: number): Float32Array {
  const target = new Float32Array(count);
  const place = tensor.shape.map(() => 0);
  for (let i = 0, at = 0; i < count; i++) {
    target[i] = storage[at] as number;
    for (let axis = tensor.shape.length - 1; axis >= 0; axis--) {
      const next = (place[axis] as number) + 1;
      at += stride(tensor, axis);
      if (next < (tensor.shape[axis] as number)) {
        place[axis] = next;
        break;
      }
      at -= next * stride(tensor, axis);
      place[axis] = 0;
    }
  }
  return target;
}

function isRowMajor(tensor: StoredTensor): boolean {
  const strides = rowMajorStrides(tensor.shape);
  return tensor.shape.every((extent, axis) => extent === 1 || strides[axis] === stride(tensor, axis));
}

function stride(tensor: StoredTensor, axis: number): number {
  return tensor.strides[axis] as number;
}
