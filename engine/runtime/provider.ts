import { EnvironmentFault } from '../../errors/fault.js';
import { cudaKind } from './cuda-kind.js';
import type { DeviceLog } from './device-log.js';
import { DeviceTensor } from './device-tensor.js';
import { elementCode, elementCount } from './elements.js';
import { DeviceFault, RuntimeFault } from './fault.js';
import { addresses, cell, pointee, type Address, type ReleaseFunction } from './native.js';
import { NativeOptions, type ProviderEnvironment, type ProviderKind } from './provider-kind.js';
import type { ElementType, Provider, ProviderName, ProviderOptions, Value, View } from './runtime.js';
import { sessionOptions } from './session-options.js';
import { nativeShape, verifyShape } from './tensor.js';
import { nativeValue, type NativeValue } from './value.js';
import { webGpuKind } from './webgpu-kind.js';

const providerKinds: Readonly<Record<ProviderName, ProviderKind>> = { webgpu: webGpuKind, cuda: cudaKind };

const deviceAllocator = 0;
const defaultMemory = 0;

/** A log level at which a device's errors are told. */
const errorsToo = 3;

/** A model of one Identity of one float32, with which a provider is started. */
const identityModel = Buffer.from(
  'CAkSCGZvbGR3aXNlOkMKFQoBeBIBeRoBeSIISWRlbnRpdHk6ABIIaWRlbnRpdHlaDwoBeBIKCggIARIECgIIAWIPCgF5EgoKCAgBEgQKAggBQgQKABAUQhEKDWNvbS5taWNyb3NvZnQQAQ==',
  'base64',
);

/** What the runtime's parts share. */
export interface Environment extends ProviderEnvironment {
  readonly log: DeviceLog;
  /** What providers have done once. */
  readonly done: Set<string>;
}

/** See `Provider`. */
export class NativeProvider implements Provider {
  /** The last of the calls that queue. */
  private tail: Promise<unknown> = Promise.resolve();
  /** Once started. */
  private allocator: Address | undefined;
  private memory: Address | undefined;
  readonly view: View | null;
  /** What calls under way point to. */
  private readonly held = new Set<NativeOptions>();
  private readonly kind: ProviderKind;

  private constructor(
    private readonly environment: Environment,
    readonly name: ProviderName,
    /** Its number among those that the provider reaches. */
    private readonly card: number,
  ) {
    this.kind = providerKinds[name];
    const view: View = (of, ...part) => DeviceTensor.of('view', of, this).view(this.memory!, ...part);
    this.view = this.kind.hasViews ? view : null;
  }

  static of(provider: Provider): NativeProvider {
    if (provider instanceof NativeProvider) return provider;
    throw new RuntimeFault({ where: 'session', what: 'the provider was not started by this runtime' });
  }

  /** @throws EnvironmentFault where no device of it starts */
  static async start(environment: Environment, name: ProviderName, card: number): Promise<NativeProvider> {
    const { api, env } = environment;
    const { title, memory, expected, remedy } = providerKinds[name];
    api.setLogLevel(env, errorsToo);
    const provider = new NativeProvider(environment, name, card);
    try {
      providerKinds[name].prepare(environment, card, (what, work) => {
        if (environment.done.has(`${name} ${what}`)) return;
        work();
        environment.done.add(`${name} ${what}`);
      });
      const session = await provider.probe();
      const out = cell();
      api.createNamedMemoryInfo(memory, deviceAllocator, card, defaultMemory, out);
      provider.memory = pointee(out);
      // The session stays, and with it the device and this allocator, whose memory is not the session's own.
      api.createAllocator(session, provider.memory, out);
      provider.allocator = pointee(out);
      return provider;
    } catch (cause) {
      const found =
        cause instanceof RuntimeFault || cause instanceof DeviceFault ? reasonOf(cause) : String(cause);
      const what = 'no device of it could be started';
      throw new EnvironmentFault({ where: title, what, found, expected, remedy }, { cause });
    }
  }

  async allocate(type: ElementType, shape: readonly number[]): Promise<Value> {
    const where = `tensor ${type} [${shape.join(', ')}]`;
    verifyShape(where, shape);
    const { api } = this.environment;
    const out = cell();
    const create = (): Promise<void> =>
      api.createTensorOf.async(this.allocator!, nativeShape(shape), shape.length, elementCode(type), out);
    try {
      await this.exclusively(where, create);
    } catch (fault) {
      if (pointee(out) !== 0n) this.releaseLater(api.releaseValue, pointee(out));
      throw fault;
    }
    return new DeviceTensor(api, this, type, [...shape], pointee(out));
  }

  async copy(pairs: readonly (readonly [from: Value, to: Value])[]): Promise<void> {
    const { api, env } = this.environment;
    // One call takes tensors of one memory on each side.
    for (const group of byDirection(pairs.map(verifiedPair))) {
      const held: NativeValue[] = [];
      try {
        const hold = (value: NativeValue): Address => {
          const address = value.hold('copy');
          held.push(value);
          return address;
        };
        const count = group.length;
        const from = addresses(
          count,
          group.map(([value]) => hold(value)),
        );
        const to = addresses(
          count,
          group.map(([, value]) => hold(value)),
        );
        await this.exclusively('copy', () => api.copyTensors.async(env, from, to, null, count));
      } finally {
        for (const value of held) value.unhold();
      }
    }
  }

  placeOf(value: Value): bigint {
    return nativeValue('place', value).place;
  }

  /** Puts the provider before the processor's in the options of a session, which keeps the named nodes. */
  async append(sessionOptions: Address, on: Omit<ProviderOptions, 'provider'>): Promise<void> {
    const options = new NativeOptions(this.kind.optionsOf(this.card, on));
    this.held.add(options);
    try {
      await this.exclusively('provider', () =>
        this.kind.append(this.environment.api, sessionOptions, options, on.onProcessor),
      );
    } finally {
      this.held.delete(options);
    }
  }

  /**
   * Makes a call when those before it have ended.
   * @throws DeviceFault where the device reported an error meanwhile, whatever the call answered
   */
  exclusively(where: string, call: () => Promise<void>): Promise<void> {
    const { log } = this.environment;
    const place = `${this.kind.title}, ${where}`;
    const told = (fault: unknown): never => {
      const kind = fault instanceof RuntimeFault ? this.kind.deviceFault(fault.message) : null;
      throw kind === null ? fault : new DeviceFault(kind, place, reasonOf(fault as RuntimeFault));
    };
    const result = this.tail
      .then(call)
      .catch(told)
      .finally(() => log.verify(place));
    this.tail = result.catch(() => undefined);
    return result;
  }

  /** Gives an object of the device back when the calls before have ended: the event loop does not wait for them. */
  releaseLater(release: ReleaseFunction, object: Address): void {
    this.tail = this.tail.then(() => release.async(object));
  }

  private async probe(): Promise<Address> {
    const { api, env } = this.environment;
    const out = cell();
    const options = await sessionOptions(api, { threads: 1, on: { provider: this, onProcessor: new Set() } });
    try {
      await this.exclusively('start', () =>
        api.createSession.async(env, identityModel, identityModel.byteLength, options, out),
      );
    } finally {
      api.releaseSessionOptions(options);
    }
    return pointee(out);
  }
}

type Pair = readonly [from: NativeValue, to: NativeValue];

function verifiedPair([from, to]: readonly [from: Value, to: Value]): Pair {
  const pair: Pair = [nativeValue('copy', from), nativeValue('copy', to)];
  const [source, target] = pair.map(({ type, shape }) => ({ type, elements: elementCount(shape) }));
  if (source!.type === target!.type && source!.elements === target!.elements) return pair;
  throw new RuntimeFault({
    where: 'copy',
    what: 'the tensors differ in type or size',
    found: `${to.type} [${to.shape.join(', ')}]`,
    expected: `${from.type} [${from.shape.join(', ')}]`,
  });
}

function byDirection(pairs: readonly Pair[]): Pair[][] {
  const groups = new Map<string, Pair[]>();
  for (const pair of pairs) {
    if (elementCount(pair[0].shape) === 0) continue;
    const direction = pair.map((value) => (value instanceof DeviceTensor ? 'device' : 'processor')).join();
    groups.set(direction, [...(groups.get(direction) ?? []), pair]);
  }
  return [...groups.values()];
}

/** What ONNX Runtime says, without the place in its sources. */
function reasonOf({ details }: RuntimeFault | DeviceFault): string {
  return (details.found ?? details.what)
    .replace(/^.* was false\. /su, '')
    .replace(/^.* FAIL : /su, '')
    .replace(/ ; GPU=.*$/su, '')
    .split('\n')[0]!
    .trim();
}
