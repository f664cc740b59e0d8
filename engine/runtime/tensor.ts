import koffi from 'koffi';
import type { Api } from './api.js';
import { elementCount, elements, elementTypeOf } from './elements.js';
import { RuntimeFault } from './fault.js';
import { cell, pointee, type Address } from './native.js';
import type { ElementArray, ElementType, Tensor } from './runtime.js';
import { NativeValue } from './value.js';

/** An empty tensor still needs an address that is not null. */
const nowhere = new Uint8Array(new ArrayBuffer(64));

/** A tensor in the processor's memory. */
export class NativeTensor extends NativeValue implements Tensor {
  private constructor(
    api: Api,
    type: ElementType,
    shape: readonly number[],
    private elementData: ElementArray,
    value: Address,
  ) {
    super(api, type, shape, value);
  }

  /** A tensor over the caller's array, shared memory included: no copy. */
  static over(
    api: Api,
    memory: Address,
    type: ElementType,
    shape: readonly number[],
    data: ElementArray,
  ): NativeTensor {
    verifyArray(type, shape, data);
    const extents = nativeShape(shape);
    const address = koffi.address(data.byteLength === 0 ? nowhere : data);
    const out = cell();
    const { code } = elements[type];
    api.createTensor(memory, address, data.byteLength, extents, shape.length, code, out);
    return new NativeTensor(api, type, [...shape], data, pointee(out));
  }

  /** A tensor that a run has allocated, of a type that the engine uses: takes over its value. */
  static fromValue(api: Api, value: Address): NativeTensor {
    const { code, shape } = describeValue(api, value);
    const type = elementTypeOf(code)!;
    const { array, bytes } = elements[type];
    const out = cell();
    api.tensorData(value, out);
    const length = elementCount(shape) * bytes;
    const memory = length === 0 ? new ArrayBuffer(0) : koffi.view(pointee(out), length);
    return new NativeTensor(api, type, shape, new array(memory), value);
  }

  /**
   * Empty after `release`. Of an output that ONNX Runtime allocated this is a view of its memory:
   * an array taken from here before must not be read after `release`, copy what has to last.
   */
  get data(): ElementArray {
    return this.elementData;
  }

  protected override free(value: Address): void {
    this.elementData = new elements[this.type].array(new ArrayBuffer(0));
    this.api.releaseValue(value);
  }
}

function verifyArray(type: ElementType, shape: readonly number[], data: ElementArray): void {
  const where = `tensor ${type} [${shape.join(', ')}]`;
  if (!(data instanceof elements[type].array)) {
    const expected = elements[type].array.name;
    throw new RuntimeFault({
      where,
      what: 'the array is of another type',
      found: data.constructor.name,
      expected,
    });
  }
  verifyShape(where, shape);
  if (data.length !== elementCount(shape)) {
    const found = `${data.length} elements`;
    throw new RuntimeFault({
      where,
      what: 'the array does not fit the shape',
      found,
      expected: `${elementCount(shape)}`,
    });
  }
}

/** @throws RuntimeFault unless every extent is a whole number from 0 */
export function verifyShape(where: string, shape: readonly number[]): void {
  if (shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0)) return;
  throw new RuntimeFault({ where, what: 'an extent is not a whole number from 0' });
}

/** A shape as the C API takes it. */
export function nativeShape(shape: readonly number[]): BigInt64Array {
  const extents = new BigInt64Array(new ArrayBuffer(8 * Math.max(shape.length, 1)));
  shape.forEach((extent, axis) => (extents[axis] = BigInt(extent)));
  return extents;
}

function describeValue(api: Api, value: Address): { code: number; shape: number[] } {
  const out = cell();
  api.tensorInfo(value, out);
  const info = pointee(out);
  try {
    return describeTensor(api, info);
  } finally {
    api.releaseTensorInfo(info);
  }
}

/** Element type code and extents (−1 where the model leaves one open) of a tensor type. */
export function describeTensor(api: Api, info: Address): { code: number; shape: number[] } {
  const code = new Int32Array(new ArrayBuffer(4));
  api.elementType(info, code);
  const rank = cell();
  api.rank(info, rank);
  const extents = new BigInt64Array(new ArrayBuffer(8 * Math.max(Number(pointee(rank)), 1)));
  api.dimensions(info, extents, Number(pointee(rank)));
  return { code: code[0]!, shape: Array.from(extents.subarray(0, Number(pointee(rank))), Number) };
}
