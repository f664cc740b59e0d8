import type { ElementArray, ElementType } from './runtime.js';

interface Element {
  /** `ONNXTensorElementDataType`. */
  readonly code: number;
  readonly bytes: number;
  readonly array: new (buffer: ArrayBufferLike, byteOffset?: number, length?: number) => ElementArray;
}

/** bool is one byte, 0 or 1; float16 is its bit pattern. */
export const elements: Readonly<Record<ElementType, Element>> = {
  float32: { code: 1, bytes: 4, array: Float32Array },
  int32: { code: 6, bytes: 4, array: Int32Array },
  int64: { code: 7, bytes: 8, array: BigInt64Array },
  bool: { code: 9, bytes: 1, array: Uint8Array },
  float16: { code: 10, bytes: 2, array: Uint16Array },
};

/** `ONNXTensorElementDataType` of an element type. */
export function elementCode(type: ElementType): number {
  return elements[type].code;
}

/** The engine's name of an element type; undefined for one that the engine does not use. */
export function elementTypeOf(code: number): ElementType | undefined {
  return (Object.keys(elements) as ElementType[]).find((type) => elements[type].code === code);
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((count, extent) => count * extent, 1);
}
