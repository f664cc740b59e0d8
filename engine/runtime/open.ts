import { loadApi, type Api } from './api.js';
import { locateCudaLibrary } from './cuda-library.js';
import { DeviceLog } from './device-log.js';
import { RuntimeFault } from './fault.js';
import { locateLibrary, pinnedVersion } from './library.js';
import { cell, pointee, type Address } from './native.js';
import { NativeProvider, type Environment } from './provider.js';
import type {
  ElementArray,
  ElementType,
  Provider,
  ProviderName,
  Runtime,
  Session,
  SessionOptions,
  Tensor,
} from './runtime.js';
import { NativeSession } from './session.js';
import { NativeTensor } from './tensor.js';

const fatalOnly = 4;
const arenaAllocator = 1;
const defaultMemory = 0;

/** ONNX Runtime in this process; see `openRuntime`. */
export class NativeRuntime implements Runtime {
  readonly version = pinnedVersion;
  private readonly env: Address;
  private readonly memory: Address;
  private readonly log = new DeviceLog();
  private readonly done = new Set<string>();
  private readonly providers = new Map<string, Promise<Provider>>();

  constructor(
    private readonly api: Api,
    private readonly library: string,
  ) {
    const out = cell();
    // A failing node is logged and reported in its status; the status is enough.
    api.createEnv(this.log.address, null, fatalOnly, 'foldwise', out);
    this.env = pointee(out);
    api.createMemoryInfo(arenaAllocator, defaultMemory, out);
    this.memory = pointee(out);
    // One arena for all sessions, so that evaluation reuses what training has freed. It grows by
    // powers of two: growing by what is asked for fragments as the shapes change, to twice the peak.
    api.registerAllocator(this.env, this.memory, null);
  }

  get live(): Readonly<{ sessions: number; values: number }> {
    return { ...this.api.live };
  }

  provider(name: ProviderName, card = 0): Promise<Provider> {
    const key = `${name}:${card}`;
    let provider = this.providers.get(key);
    if (provider === undefined) {
      provider = NativeProvider.start(this.environment, name, card);
      this.providers.set(key, provider);
      // One that did not start may start the next time.
      provider.catch(() => this.providers.delete(key));
    }
    return provider;
  }

  private get environment(): Environment {
    const { api, env, library, log, done } = this;
    return { api, env, library, log, done };
  }

  createSession(model: Uint8Array, options: SessionOptions): Promise<Session> {
    return NativeSession.create(this.api, this.env, model, options);
  }

  tensor(type: ElementType, shape: readonly number[], data: ElementArray): Tensor {
    return NativeTensor.over(this.api, this.memory, type, shape, data);
  }
}

/** The builds of ONNX Runtime: npm's, with WebGPU, and the one with CUDA, which has a core of its own. */
export type RuntimeBuild = 'npm' | 'cuda';

const locate: Readonly<Record<RuntimeBuild, () => string>> = {
  npm: () => locateLibrary(),
  cuda: () => locateCudaLibrary(),
};

const titles: Readonly<Record<RuntimeBuild, string>> = {
  npm: "npm's, with WebGPU",
  cuda: 'the one with CUDA',
};

let opened: { readonly build: RuntimeBuild; readonly runtime: NativeRuntime } | undefined;

/**
 * The process's ONNX Runtime, loaded at the first call. A process has one: two cores do not mix.
 *
 * @param build absent: any, that of npm where none is loaded yet
 * @throws RuntimeFault when the library is missing, of another version, or not the published file; and when another
 * build is loaded already
 */
export function openRuntime(build?: RuntimeBuild): NativeRuntime {
  if (opened === undefined) {
    const first = build ?? 'npm';
    const library = locate[first]();
    opened = { build: first, runtime: new NativeRuntime(loadApi(library), library) };
  }
  if (build === undefined || build === opened.build) return opened.runtime;
  throw new RuntimeFault({
    where: 'onnxruntime',
    what: 'this process has loaded another build of it',
    found: titles[opened.build],
    expected: titles[build],
    remedy: 'Use the other device in a process of its own.',
  });
}
