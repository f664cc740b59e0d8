import koffi from 'koffi';
import { RuntimeFault } from './fault.js';

/** A native address. Nothing keeps what it points to alive but the code that holds it. */
export type Address = bigint;

/** One pointer-sized out parameter. */
export type Cell = BigUint64Array;

export function cell(): Cell {
  return new BigUint64Array(new ArrayBuffer(8));
}

/** What a call has written to its out parameter. */
export function pointee(out: Cell): Address {
  return out[0]!;
}

/** An array of addresses, as the C API takes them; never empty, so that it has an address itself. */
export function addresses(count: number, values: readonly Address[] = []): BigUint64Array {
  const array = new BigUint64Array(new ArrayBuffer(8 * Math.max(count, 1)));
  array.set(values);
  return array;
}

/** The addresses in an array that the library owns. */
export function addressesAt(array: Address, count: number): Address[] {
  return Array.from(
    { length: count },
    (_, index) => koffi.decode(array, index * koffi.sizeof('void *'), 'void *') as Address,
  );
}

/** A text as the C API takes it: NUL-terminated. Its address is good for as long as this is held. */
export class NativeText {
  private readonly bytes: Buffer;
  readonly address: Address;

  constructor(text: string) {
    this.bytes = Buffer.from(new ArrayBuffer(Buffer.byteLength(text) + 1));
    this.bytes.write(text);
    this.address = koffi.address(this.bytes);
  }
}

/** The text at an address. */
export function textAt(address: Address): string {
  return koffi.decode.string(address);
}

interface NativeFunction {
  (...args: readonly unknown[]): unknown;
  async(...args: readonly unknown[]): void;
}

/** The function at an index of a table of function pointers. */
export function nativeFunction(
  table: Address,
  index: number,
  result: string,
  args: string[],
): NativeFunction {
  const pointer = koffi.decode(table, index * koffi.sizeof('void *'), 'void *') as Address;
  return koffi.decode(pointer, koffi.proto(result, args)) as NativeFunction;
}

/** A function of the table that answers with a status: throws a `RuntimeFault` unless that is OK. */
export interface StatusFunction<Args extends readonly unknown[]> {
  (...args: Args): void;
  /**
   * The same on a thread of koffi's. Arrays among the arguments are held until it settles; what they
   * point to in turn is the caller's to hold.
   */
  async(...args: Args): Promise<void>;
}

/** A function of the table that gives an object back. */
export interface ReleaseFunction {
  (object: Address): void;
  /** The same on a thread of koffi's. */
  async(object: Address): Promise<void>;
}

/** Names of `OrtErrorCode`, by value. */
const errorCodes = [
  'OK',
  'FAIL',
  'INVALID_ARGUMENT',
  'NO_SUCHFILE',
  'NO_MODEL',
  'ENGINE_ERROR',
  'RUNTIME_EXCEPTION',
  'INVALID_PROTOBUF',
  'MODEL_LOADED',
  'NOT_IMPLEMENTED',
  'INVALID_GRAPH',
  'EP_FAIL',
];

/** ONNX Runtime's table of functions, by index; turns every status into a fault. */
export class FunctionTable {
  private readonly errorCode: NativeFunction;
  private readonly errorMessage: NativeFunction;
  private readonly releaseStatus: NativeFunction;

  /** Arguments of asynchronous calls under way: nothing else may refer to them. */
  private readonly inFlight = new Set<readonly unknown[]>();

  constructor(private readonly table: Address) {
    this.errorCode = nativeFunction(table, 1, 'int', ['void *']);
    this.errorMessage = nativeFunction(table, 2, 'const char *', ['void *']);
    this.releaseStatus = nativeFunction(table, 93, 'void', ['void *']);
  }

  bind<Args extends readonly unknown[]>(index: number, args: string[]): StatusFunction<Args> {
    const native = nativeFunction(this.table, index, 'void *', args);
    const call = (...values: Args): void => {
      const status = native(...values);
      if (status !== null) throw this.faultOf(status);
    };
    const async = (...values: Args): Promise<void> =>
      new Promise((resolve, reject) => {
        this.inFlight.add(values);
        native.async(...values, (error: Error | null, status: unknown) => {
          this.inFlight.delete(values);
          if (error !== null) reject(error);
          else if (status !== null) reject(this.faultOf(status));
          else resolve();
        });
      });
    return Object.assign(call, { async });
  }

  /** A function that takes an object back and answers nothing. */
  release(index: number): ReleaseFunction {
    const native = nativeFunction(this.table, index, 'void', ['void *']);
    const call = (object: Address): void => void native(object);
    const async = (object: Address): Promise<void> =>
      new Promise((resolve, reject) => {
        native.async(object, (error: Error | null) => {
          if (error === null) resolve();
          else reject(error);
        });
      });
    return Object.assign(call, { async });
  }

  /** The fault that a status stands for; frees the status. */
  private faultOf(status: unknown): RuntimeFault {
    const code = Number(this.errorCode(status));
    const message = String(this.errorMessage(status));
    this.releaseStatus(status);
    return new RuntimeFault({ where: `onnxruntime ${errorCodes[code] ?? code}`, what: message });
  }
}
