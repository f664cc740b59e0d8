import { cell, loadApi, pointee, type Address, type Api } from './api.js';
import { locateLibrary, pinnedVersion } from './library.js';
import type { ElementArray, ElementType, Runtime, Session, SessionOptions, Tensor } from './runtime.js';
import { NativeSession } from './session.js';
import { NativeTensor } from './tensor.js';

const fatalOnly = 4;
const arenaAllocator = 1;
const defaultMemory = 0;
const sameAsRequested = 1;

/** ONNX Runtime in this process; see `openRuntime`. */
export class NativeRuntime implements Runtime {
  readonly version = pinnedVersion;
  private readonly env: Address;
  private readonly memory: Address;

  constructor(private readonly api: Api) {
    const out = cell();
    // A failing node is logged and reported in its status; the status is enough.
    api.createEnv(fatalOnly, 'foldwise', out);
    this.env = pointee(out);
    api.createMemoryInfo(arenaAllocator, defaultMemory, out);
    this.memory = pointee(out);
    this.shareArena();
  }

  /** Sessions and tensors created and not yet released. */
  get live(): Readonly<{ sessions: number; values: number }> {
    return { ...this.api.live };
  }

  createSession(model: Uint8Array, options: SessionOptions): Promise<Session> {
    return NativeSession.create(this.api, this.env, model, options);
  }

  tensor(type: ElementType, shape: readonly number[], data: ElementArray): Tensor {
    return NativeTensor.over(this.api, this.memory, type, shape, data);
  }

  /**
   * One arena for all sessions, grown by what is asked for: the default doubles it each time, which
   * for a training graph costs up to twice the memory in use.
   */
  private shareArena(): void {
    const out = cell();
    this.api.createArenaConfig(0, sameAsRequested, -1, -1, out);
    const config = pointee(out);
    this.api.registerAllocator(this.env, this.memory, config);
    this.api.releaseArenaConfig(config);
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
