/** Number formats a checkpoint may store; every one is read as float32. Names are those of safetensors. */
export type ElementFormat = 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL';

/** Decodes `count` little-endian elements that start at byte `offset`. */
type Decode = (view: DataView, offset: number, target: Float32Array) => void;

interface FormatRecord {
  readonly bytes: number;
  readonly decode: Decode;
}

const formats: Readonly<Record<ElementFormat, FormatRecord>> = {
  F64: { bytes: 8, decode: each(8, (view, at) => view.getFloat64(at, true)) },
  F32: { bytes: 4, decode: decodeFloat32 },
  F16: { bytes: 2, decode: decodeFloat16 },
  BF16: { bytes: 2, decode: decodeBfloat16 },
  I64: { bytes: 8, decode: each(8, (view, at) => Number(view.getBigInt64(at, true))) },
  I32: { bytes: 4, decode: each(4, (view, at) => view.getInt32(at, true)) },
  I16: { bytes: 2, decode: each(2, (view, at) => view.getInt16(at, true)) },
  I8: { bytes: 1, decode: each(1, (view, at) => view.getInt8(at)) },
  U8: { bytes: 1, decode: each(1, (view, at) => view.getUint8(at)) },
  BOOL: { bytes: 1, decode: each(1, (view, at) => (view.getUint8(at) === 0 ? 0 : 1)) },
};

export const elementFormats = Object.keys(formats) as readonly ElementFormat[];

export function isElementFormat(name: unknown): name is ElementFormat {
  return typeof name === 'string' && Object.hasOwn(formats, name);
}

export function bytesPerElement(format: ElementFormat): number {
  return formats[format].bytes;
}

/** Fills `target` with the elements that `bytes` holds, rounded to float32; lengths must agree. */
export function decodeElements(format: ElementFormat, bytes: Uint8Array, target: Float32Array): void {
  formats[format].decode(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, target);
}

function each(width: number, read: (view: DataView, at: number) => number): Decode {
  return (view, offset, target) => {
    for (let i = 0; i < target.length; i++) target[i] = read(view, offset + i * width);
  };
}

function decodeFloat32(view: DataView, offset: number, target: Float32Array): void {
  const source = new Uint8Array(view.buffer, view.byteOffset + offset, target.byteLength);
  new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(source);
}

function decodeFloat16(view: DataView, offset: number, target: Float32Array): void {
  const table = (float16Values ??= Float32Array.from({ length: 65536 }, (_, bits) => float16(bits)));
  for (let i = 0; i < target.length; i++) target[i] = table[view.getUint16(offset + i * 2, true)] as number;
}

/** A bfloat16 is the upper half of a float32. */
function decodeBfloat16(view: DataView, offset: number, target: Float32Array): void {
  const bits = new Uint32Array(target.buffer, target.byteOffset, target.length);
  for (let i = 0; i < bits.length; i++) bits[i] = view.getUint16(offset + i * 2, true) << 16;
}

/** Values of all 65,536 float16 bit patterns, made at the first use. */
let float16Values: Float32Array | undefined;

function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
