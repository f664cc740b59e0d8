import { RuntimeFault } from './fault.js';
import { verifyVersion } from './library.js';
import { loadLibrary } from './native-library.js';
import { FunctionTable, nativeFunction, type Address, type Cell } from './native.js';

/** The C API's version whose table is described here; `OrtApi` only grows, indices never change. */
const apiVersion = 24;

/** The part of ONNX Runtime's C API in use; the reference is onnxruntime_c_api.h. */
export type Api = ReturnType<typeof bindApi>;

/**
 * Loads the library and binds its functions.
 * @throws RuntimeFault when it answers with another version than the pinned one
 */
export function loadApi(file: string): Api {
  const library = loadLibrary(file);
  const base = library.func('OrtGetApiBase', 'void *', [])() as Address;
  const versionString = nativeFunction(base, 1, 'const char *', []);
  verifyVersion(String(versionString()), file);
  const address = nativeFunction(base, 0, 'void *', ['uint32_t'])(apiVersion) as Address | null;
  if (address === null) {
    throw new RuntimeFault({ where: file, what: `the library has no C API version ${apiVersion}` });
  }
  return bindApi(new FunctionTable(address));
}

function bindApi(table: FunctionTable) {
  const pointers = (count: number): string[] => Array<string>(count).fill('void *');

  return {
    /** Objects created here and not yet released. */
    live: { sessions: 0, values: 0 },

    /** `logger` is the address of a function of the kind that `deviceLog` registers. */
    createEnv: table.bind<[logger: Address, context: null, logLevel: number, id: string, out: Cell]>(4, [
      'void *',
      'void *',
      'int',
      'const char *',
      'void *',
    ]),
    setLogLevel: table.bind<[env: Address, logLevel: number]>(226, ['void *', 'int']),
    createMemoryInfo: table.bind<[allocator: number, memory: number, out: Cell]>(69, [
      'int',
      'int',
      'void *',
    ]),
    registerAllocator: table.bind<[env: Address, info: Address, config: null]>(144, pointers(3)),

    createSessionOptions: table.bind<[out: Cell]>(10, pointers(1)),
    setExecutionMode: table.bind<[options: Address, mode: number]>(13, ['void *', 'int']),
    disableMemoryPattern: table.bind<[options: Address]>(17, pointers(1)),
    setOptimization: table.bind<[options: Address, level: number]>(23, ['void *', 'int']),
    setIntraOpThreads: table.bind<[options: Address, threads: number]>(24, ['void *', 'int']),
    setInterOpThreads: table.bind<[options: Address, threads: number]>(25, ['void *', 'int']),
    addSessionConfig: table.bind<[options: Address, key: string, value: string]>(130, [
      'void *',
      'const char *',
      'const char *',
    ]),

    createSession: table.bind<[env: Address, model: Uint8Array, bytes: number, options: Address, out: Cell]>(
      8,
      ['void *', 'void *', 'size_t', 'void *', 'void *'],
    ),
    run: table.bind<
      [
        session: Address,
        options: Address | null,
        inputNames: BigUint64Array,
        inputs: BigUint64Array,
        inputCount: number,
        outputNames: BigUint64Array,
        outputCount: number,
        outputs: BigUint64Array,
      ]
    >(9, ['void *', 'void *', 'void *', 'void *', 'size_t', 'void *', 'size_t', 'void *']),
    createRunOptions: table.bind<[out: Cell]>(39, pointers(1)),
    addRunConfig: table.bind<[options: Address, key: string, value: string]>(165, [
      'void *',
      'const char *',
      'const char *',
    ]),
    inputCount: table.bind<[session: Address, out: Cell]>(30, pointers(2)),
    outputCount: table.bind<[session: Address, out: Cell]>(31, pointers(2)),
    inputType: table.bind<[session: Address, index: number, out: Cell]>(33, ['void *', 'size_t', 'void *']),
    outputType: table.bind<[session: Address, index: number, out: Cell]>(34, ['void *', 'size_t', 'void *']),
    inputName: table.bind<[session: Address, index: number, allocator: Address, out: Cell]>(36, [
      'void *',
      'size_t',
      'void *',
      'void *',
    ]),
    outputName: table.bind<[session: Address, index: number, allocator: Address, out: Cell]>(37, [
      'void *',
      'size_t',
      'void *',
      'void *',
    ]),
    defaultAllocator: table.bind<[out: Cell]>(78, pointers(1)),
    free: table.bind<[allocator: Address, memory: Address]>(76, pointers(2)),

    createTensor: table.bind<
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
    tensorData: table.bind<[value: Address, out: Cell]>(51, pointers(2)),
    tensorInfo: table.bind<[value: Address, out: Cell]>(65, pointers(2)),
    /** The tensor part of a type; a null pointer when it is no tensor. Owned by the type. */
    tensorOfType: table.bind<[type: Address, out: Cell]>(55, pointers(2)),
    elementType: table.bind<[info: Address, out: Int32Array]>(60, pointers(2)),
    rank: table.bind<[info: Address, out: Cell]>(61, pointers(2)),
    dimensions: table.bind<[info: Address, out: BigInt64Array, rank: number]>(62, [
      'void *',
      'void *',
      'size_t',
    ]),

    /** Gives the session's nodes to a provider before the processor's; options by address of their texts. */
    appendProvider: table.bind<
      [options: Address, name: string, keys: BigUint64Array, values: BigUint64Array, count: number]
    >(216, ['void *', 'const char *', 'void *', 'void *', 'size_t']),
    /** CUDA's provider takes options of its own kind, by address of their texts. */
    createCudaOptions: table.bind<[out: Cell]>(205, pointers(1)),
    updateCudaOptions: table.bind<
      [options: Address, keys: BigUint64Array, values: BigUint64Array, count: number]
    >(206, ['void *', 'void *', 'void *', 'size_t']),
    appendCuda: table.bind<[options: Address, cuda: Address]>(204, pointers(2)),
    releaseCudaOptions: table.release(208),
    /** Lets the environment copy to and from a provider's memory. */
    registerProviderLibrary: table.bind<[env: Address, name: string, path: Uint8Array]>(301, [
      'void *',
      'const char *',
      'void *',
    ]),
    createArena: table.bind<
      [mostBytes: number, strategy: number, first: number, mostDead: number, out: Cell]
    >(156, ['size_t', 'int', 'int', 'int', 'void *']),
    releaseArena: table.release(157),
    /** One arena of a provider's memory for all sessions. */
    registerProviderAllocator: table.bind<
      [
        env: Address,
        provider: string,
        memory: Address,
        arena: Address,
        keys: BigUint64Array,
        values: BigUint64Array,
        count: number,
      ]
    >(259, ['void *', 'const char *', 'void *', 'void *', 'void *', 'void *', 'size_t']),
    setDeterministic: table.bind<[options: Address, value: boolean]>(273, ['void *', 'bool']),
    createNamedMemoryInfo: table.bind<
      [name: string, allocator: number, device: number, memory: number, out: Cell]
    >(68, ['const char *', 'int', 'int', 'int', 'void *']),
    createAllocator: table.bind<[session: Address, memory: Address, out: Cell]>(131, pointers(3)),
    createTensorOf: table.bind<
      [allocator: Address, shape: BigInt64Array, rank: number, element: number, out: Cell]
    >(48, ['void *', 'void *', 'size_t', 'int', 'void *']),
    copyTensors: table.bind<
      [env: Address, from: BigUint64Array, to: BigUint64Array, stream: null, count: number]
    >(386, ['void *', 'void *', 'void *', 'void *', 'size_t']),

    /** Which nodes were given to which provider; arrays and texts are the session's. */
    placement: table.bind<[session: Address, subgraphs: Cell, count: Cell]>(407, pointers(3)),
    providerOf: table.bind<[subgraph: Address, name: Cell]>(408, pointers(2)),
    nodesOf: table.bind<[subgraph: Address, nodes: Cell, count: Cell]>(409, pointers(3)),
    nodeName: table.bind<[node: Address, name: Cell]>(410, pointers(2)),
    nodeOperator: table.bind<[node: Address, name: Cell]>(412, pointers(2)),

    releaseSession: table.release(95),
    releaseValue: table.release(96),
    releaseRunOptions: table.release(97),
    releaseType: table.release(98),
    releaseTensorInfo: table.release(99),
    releaseSessionOptions: table.release(100),
  };
}
