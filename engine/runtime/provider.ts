import { EnvironmentFault } from '../../errors/fault.js';
import type { Api } from './api.js';
import type { DeviceLog } from './device-log.js';
import { elementCode, elementCount } from './elements.js';
import { DeviceFault, RuntimeFault } from './fault.js';
import { addresses, cell, NativeText, pointee, type Address, type ReleaseFunction } from './native.js';
import type { ElementType, Provider, ProviderName, Value } from './runtime.js';
import { sessionOptions } from './session-options.js';
import { nativeShape, verifyShape } from './tensor.js';
import { NativeValue, nativeValue } from './value.js';

interface Description {
  /** As ONNX Runtime calls it. */
  readonly provider: string;
  /** Its memory. */
  readonly memory: string;
  /** Its options in a session, of which the named nodes are the processor's. */
  readonly optionsOf: (onProcessor: ReadonlySet<string>) => Readonly<Record<string, string>>;
  readonly title: string;
  readonly expected: string;
  readonly remedy: string;
}

const descriptions: Readonly<Record<ProviderName, Description>> = {
  webgpu: {
    provider: 'WebGPU',
    memory: 'WebGPU_Buf',
    optionsOf: (onProcessor) => ({
      // Its own layout, for convolutions, would move transpositions about, and the sizes that stand behind them.
      preferredLayout: 'NCHW',
      // Else a Cast of positions goes to the processor. With it, sizes would go to the device, and each be waited for.
      enableInt64: '1',
      ...(onProcessor.size > 0 && { forceCpuNodeNames: [...onProcessor].join('\n') }),
    }),
    title: 'WebGPU',
    expected: 'a graphics driver: Vulkan on Linux, Metal on macOS, Direct3D 12 on Windows',
    remedy:
      'Install the driver of the card, and on Linux libvulkan1; docs/devices.md says how, and how to try without a card.',
  },
};

const deviceAllocator = 0;
const firstDevice = 0;
const defaultMemory = 0;

/** A log level at which a device's errors are told. */
const errorsToo = 3;

/** A model of one Identity of one float32, with which a provider is started. */
const identityModel = Buffer.from(
  'CAkSCGZvbGR3aXNlOkMKFQoBeBIBeRoBeSIISWRlbnRpdHk6ABIIaWRlbnRpdHlaDwoBeBIKCggIARIECgIIAWIPCgF5EgoKCAgBEgQKAggBQgQKABAUQhEKDWNvbS5taWNyb3NvZnQQAQ==',
  'base64',
);

/** What the runtime's parts share. */
export interface Environment {
  readonly api: Api;
  readonly env: Address;
  readonly log: DeviceLog;
}

/** See `Provider`. */
export class NativeProvider implements Provider {
  /** The last of the calls that queue. */
  private tail: Promise<unknown> = Promise.resolve();
  /** Once started. */
  private allocator: Address | undefined;
  /** What calls under way point to. */
  private readonly texts = new Set<readonly NativeText[]>();

  private constructor(
    private readonly environment: Environment,
    readonly name: ProviderName,
  ) {}

  static of(provider: Provider): NativeProvider {
    if (provider instanceof NativeProvider) return provider;
    throw new RuntimeFault({ where: 'session', what: 'the provider was not started by this runtime' });
  }

  /** @throws EnvironmentFault where no device of it starts */
  static async start(environment: Environment, name: ProviderName): Promise<NativeProvider> {
    const { api, env } = environment;
    const { title, memory, expected, remedy } = descriptions[name];
    api.setLogLevel(env, errorsToo);
    const provider = new NativeProvider(environment, name);
    try {
      const session = await provider.probe();
      const out = cell();
      api.createNamedMemoryInfo(memory, deviceAllocator, firstDevice, defaultMemory, out);
      // The session stays, and with it the device and this allocator, whose memory is not the session's own.
      api.createAllocator(session, pointee(out), out);
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

  /** Puts the provider before the processor's in the options of a session, which keeps the named nodes. */
  async append(sessionOptions: Address, onProcessor: ReadonlySet<string>): Promise<void> {
    const { provider, optionsOf } = descriptions[this.name];
    const options = Object.entries(optionsOf(onProcessor));
    const names = options.map(([name]) => new NativeText(name));
    const values = options.map(([, value]) => new NativeText(value));
    for (const texts of [names, values]) this.texts.add(texts);
    try {
      const given = [addressesOf(names), addressesOf(values)] as const;
      await this.exclusively('provider', () =>
        this.environment.api.appendProvider.async(sessionOptions, provider, ...given, options.length),
      );
    } finally {
      for (const texts of [names, values]) this.texts.delete(texts);
    }
  }

  /**
   * Makes a call when those before it have ended.
   * @throws DeviceFault where the device reported an error meanwhile, whatever the call answered
   */
  exclusively(where: string, call: () => Promise<void>): Promise<void> {
    const { log } = this.environment;
    const verify = (): void => log.verify(`${descriptions[this.name].title}, ${where}`);
    const result = this.tail.then(call).finally(verify);
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

/** A tensor in a device's memory. */
class DeviceTensor extends NativeValue {
  constructor(
    api: Api,
    private readonly provider: NativeProvider,
    type: ElementType,
    shape: readonly number[],
    value: Address,
  ) {
    super(api, type, shape, value);
  }

  protected override free(value: Address): void {
    this.provider.releaseLater(this.api.releaseValue, value);
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

function addressesOf(texts: readonly NativeText[]): BigUint64Array {
  return addresses(
    texts.length,
    texts.map(({ address }) => address),
  );
}

/** What ONNX Runtime says, without the place in its sources. */
function reasonOf({ details }: RuntimeFault | DeviceFault): string {
  return (details.found ?? details.what)
    .replace(/^.* was false\. /su, '')
    .split('\n')[0]!
    .trim();
}
