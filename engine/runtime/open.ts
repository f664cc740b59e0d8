import { loadApi, type Api } from './api.js';
import { locateLibrary, pinnedVersion } from './library.js';
import { DeviceLog } from './device-log.js';
import { cell, pointee, type Address } from './native.js';
import { NativeProvider } from './provider.js';
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
  private readonly providers = new Map<ProviderName, Promise<Provider>>();

  constructor(private readonly api: Api) {
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

  provider(name: ProviderName): Promise<Provider> {
    let provider = this.providers.get(name);
    if (provider === undefined) {
      provider = NativeProvider.start({ api: this.api, env: this.env, log: this.log }, name);
      this.providers.set(name, provider);
      // One that did not start may start the next time.
      provider.catch(() => this.providers.delete(name));
    }
    return provider;
  }

  createSession(model: Uint8Array, options: SessionOptions): Promise<Session> {
    return NativeSession.create(this.api, this.env, model, options);
  }

  tensor(type: ElementType, shape: readonly number[], data: ElementArray): Tensor {
    return NativeTensor.over(this.api, this.memory, type, shape, data);
  }
}

let opened: NativeRuntime | undefined;

/**
 * The process's ONNX Runtime, loaded at the first call.
 * @throws RuntimeFault when the library is missing, of another version, or not the published file
 */
export function openRuntime(): NativeRuntime {
  opened ??= new NativeRuntime(loadApi(locateLibrary()));
  return opened;
}
