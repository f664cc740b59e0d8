import koffi, { type LibraryHandle } from 'koffi';
import { RuntimeFault } from './fault.js';
import { verifyVersion } from './library.js';

/** A native address. Nothing keeps what it points to alive but the code that holds it. */
export type Address = bigint;

/** One pointer-sized out parameter. */
export type Cell = BigUint64Array;

/** The C API's version whose table is described here; `OrtApi` only grows, indices never change. */
const apiVersion = 24;

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

/**
 * ONNX Runtime's kernels and graph passes run on the stack that koffi gives to a call. Its default
 * for asynchronous ones is 128 KiB; a thread's usual stack has 8 MiB.
 */
const stackBytes = 8 * 2 ** 20;

interface NativeFunction {
  (...args: readonly unknown[]): unknown;
  async(...args: readonly unknown[]): void;
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

/** The part of ONNX Runtime's C API in use; the reference is onnxruntime_c_api.h. */
export type Api = ReturnType<typeof bindApi>;

export function cell(): Cell {
  return new BigUint64Array(new ArrayBuffer(8));
}

/** What a call has written to its out parameter. */
export function pointee(out: Cell): Address {
  return out[0]!;
}

/** Held for the life of the process: koffi unloads a library whose handle is collected. */
let library: LibraryHandle | undefined;

/**
 * Loads the library and binds its functions.
 * @throws RuntimeFault when it answers with another version than the pinned one
 */
export function loadApi(file: string): Api {
  koffi.config({ async_stack_size: stackBytes, sync_stack_size: stackBytes, resident_async_pools: 2 });
  library = koffi.load(file);
  const base = library.func('OrtGetApiBase', 'void *', [])() as Address;
  const versionString = nativeFunction(base, 1, 'const char *', []);
  verifyVersion(String(versionString()), file);
  const table = nativeFunction(base, 0, 'void *', ['uint32_t'])(apiVersion) as Address | null;
  if (table === null) {
    throw new RuntimeFault({ where: file, what: `the library has no C API version ${apiVersion}` });
  }
  return bindApi(table);
}

/** The function at an index of a table of function pointers. */
function nativeFunction(table: Address, index: number, result: string, args: string[]): NativeFunction {
  const pointer = koffi.decode(table, index * koffi.sizeof('void *'), 'void *') as Address;
  return koffi.decode(pointer, koffi.proto(result, args)) as NativeFunction;
}

function bindApi(table: Address) {
  const errorCode = nativeFunction(table, 1, 'int', ['void *']);
  const errorMessage = nativeFunction(table, 2, 'const char *', ['void *']);
  const releaseStatus = nativeFunction(table, 93, 'void', ['void *']);

  /** The fault that a status stands for; frees the status. */
  const faultOf = (status: unknown): RuntimeFault => {
    const code = Number(errorCode(status));
    const message = String(errorMessage(status));
    releaseStatus(status);
    return new RuntimeFault({ where: `onnxruntime ${errorCodes[code] ?? code}`, what: message });
  };

  /** Arguments of asynchronous calls under way: nothing else may refer to them. */
  const inFlight = new Set<readonly unknown[]>();

  const bind = <Args extends readonly unknown[]>(index: number, args: string[]): StatusFunction<Args> => {
    const native = nativeFunction(table, index, 'void *', args);
    const call = (...values: Args): void => {
      const status = native(...values);
      if (status !== null) throw faultOf(status);
    };
    const async = (...values: Args): Promise<void> =>
      new Promise((resolve, reject) => {
        inFlight.add(values);
        native.async(...values, (error: Error | null, status: unknown) => {
          inFlight.delete(values);
          if (error !== null) reject(error);
          else if (status !== null) reject(faultOf(status));
          else resolve();
        });
      });
    return Object.assign(call, { async });
  };

  const release = (index: number): ((object: Address) => void) => {
    const native = nativeFunction(table, index, 'void', ['void *']);
    return (object) => void native(object);
  };

  const pointers = (count: number): string[] => Array<string>(count).fill('void *');

  return {
    /** Objects created here and not yet released. */
    live: { sessions: 0, values: 0 },

    createEnv: bind<[logLevel: number, id: string, out: Cell]>(3, ['int', 'const char *', 'void *']),
    createMemoryInfo: bind<[allocator: number, memory: number, out: Cell]>(69, ['int', 'int', 'void *']),
    registerAllocator: bind<[env: Address, info: Address, config: null]>(144, pointers(3)),

    createSessionOptions: bind<[out: Cell]>(10, pointers(1)),
    setExecutionMode: bind<[options: Address, mode: number]>(13, ['void *', 'int']),
    disableMemoryPattern: bind<[options: Address]>(17, pointers(1)),
    setOptimization: bind<[options: Address, level: number]>(23, ['void *', 'int']),
    setIntraOpThreads: bind<[options: Address, threads: number]>(24, ['void *', 'int']),
    setInterOpThreads: bind<[options: Address, threads: number]>(25, ['void *', 'int']),
    addSessionConfig: bind<[options: Address, key: string, value: string]>(130, [
      'void *',
      'const char *',
      'const char *',
    ]),

    createSession: bind<[env: Address, model: Uint8Array, bytes: number, options: Address, out: Cell]>(8, [
      'void *',
      'void *',
      'size_t',
      'void *',
      'void *',
    ]),
    run: bind<
      [
        session: Address,
        options: null,
        inputNames: BigUint64Array,
        inputs: BigUint64Array,
        inputCount: number,
        outputNames: BigUint64Array,
        outputCount: number,
        outputs: BigUint64Array,
      ]
    >(9, ['void *', 'void *', 'void *', 'void *', 'size_t', 'void *', 'size_t', 'void *']),
    inputCount: bind<[session: Address, out: Cell]>(30, pointers(2)),
    outputCount: bind<[session: Address, out: Cell]>(31, pointers(2)),
    inputType: bind<[session: Address, index: number, out: Cell]>(33, ['void *', 'size_t', 'void *']),
    outputType: bind<[session: Address, index: number, out: Cell]>(34, ['void *', 'size_t', 'void *']),
    inputName: bind<[session: Address, index: number, allocator: Address, out: Cell]>(36, [
      'void *',
      'size_t',
      'void *',
      'void *',
    ]),
    outputName: bind<[session: Address, index: number, allocator: Address, out: Cell]>(37, [
      'void *',
      'size_t',
      'void *',
      'void *',
    ]),
    defaultAllocator: bind<[out: Cell]>(78, pointers(1)),
    free: bind<[allocator: Address, memory: Address]>(76, pointers(2)),

    createTensor: bind<
      [
        memory: Address,
        data: Address,
        bytes: number,
        shape: BigInt64Array,
        rank: number,
        element: number,
        out: Cell,
      ]
    >(49, ['void *', 'void *', 'size_t', 'void *', 'size_t', 'int', 'void *']),
    tensorData: bind<[value: Address, out: Cell]>(51, pointers(2)),
    tensorInfo: bind<[value: Address, out: Cell]>(65, pointers(2)),
    /** The tensor part of a type; a null pointer when it is no tensor. Owned by the type. */
    tensorOfType: bind<[type: Address, out: Cell]>(55, pointers(2)),
    elementType: bind<[info: Address, out: Int32Array]>(60, pointers(2)),
    rank: bind<[info: Address, out: Cell]>(61, pointers(2)),
    dimensions: bind<[info: Address, out: BigInt64Array, rank: number]>(62, ['void *', 'void *', 'size_t']),

    releaseSession: release(95),
    releaseValue: release(96),
    releaseType: release(98),
    releaseTensorInfo: release(99),
    releaseSessionOptions: release(100),
  };
}
