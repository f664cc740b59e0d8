import type { Api } from './api.js';
import { elementTypeOf } from './elements.js';
import { RuntimeFault } from './fault.js';
import { addresses, cell, NativeText, pointee, textAt, type Address } from './native.js';
import { placedNodes, verifyPlacement, type PlacedNode } from './placement.js';
import { NativeProvider } from './provider.js';
import type { ElementType, Session, SessionOptions, Tensor, Value } from './runtime.js';
import { sessionOptions } from './session-options.js';
import { describeTensor, NativeTensor } from './tensor.js';
import { nativeValue, type NativeValue } from './value.js';

/** An input or output as the model declares it. */
interface Port {
  readonly name: string;
  /** Held by the session, whose calls take its address. */
  readonly nativeName: NativeText;
  readonly type: ElementType | undefined;
  /** −1 where the model leaves an extent open. */
  readonly shape: readonly number[];
}

/** By which runs of a session that is recorded are told apart; as ONNX Runtime calls it. */
const recordingKey = 'gpu_graph_id';

/** Of a run that is neither recorded nor a replay. */
const none = -1;

export class NativeSession implements Session {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: ReadonlyMap<string, number>;
  private readonly inputPorts: readonly Port[];
  private readonly outputPorts: ReadonlyMap<string, Port>;
  private readonly inputNames: BigUint64Array;
  private readonly inputValues: BigUint64Array;
  private readonly outputNames: BigUint64Array;
  private readonly outputValues: BigUint64Array;
  /** Of runs of each recording. */
  private readonly runOptions = new Map<number, Address>();
  private running = false;
  private released = false;

  private constructor(
    private readonly api: Api,
    private readonly session: Address,
    private readonly provider: NativeProvider | undefined,
    private readonly recorded: boolean,
    nodes: readonly PlacedNode[],
  ) {
    this.nodes = byOperator(nodes);
    this.inputPorts = portsOf(api, session, 'input');
    this.inputs = this.inputPorts.map((port) => port.name);
    this.inputNames = addresses(this.inputs.length);
    this.inputValues = addresses(this.inputs.length);
    this.inputPorts.forEach((port, index) => (this.inputNames[index] = port.nativeName.address));
    const outputs = portsOf(api, session, 'output');
    this.outputs = outputs.map((port) => port.name);
    this.outputPorts = new Map(outputs.map((port) => [port.name, port]));
    this.outputNames = addresses(outputs.length);
    this.outputValues = addresses(outputs.length);
    api.live.sessions++;
  }

  static async create(
    api: Api,
    env: Address,
    model: Uint8Array,
    options: SessionOptions,
  ): Promise<NativeSession> {
    const provider = options.on === undefined ? undefined : NativeProvider.of(options.on.provider);
    const out = cell();
    const native = await sessionOptions(api, options);
    const create = (): Promise<void> => api.createSession.async(env, model, model.byteLength, native, out);
    try {
      await (provider === undefined ? create() : provider.exclusively('session', create));
    } finally {
      api.releaseSessionOptions(native);
    }
    const session = pointee(out);
    try {
      const nodes = options.on === undefined ? [] : placedNodes(api, session);
      if (options.on !== undefined) verifyPlacement(nodes, options.on.onProcessor);
      return new NativeSession(api, session, provider, options.on?.recorded === true, nodes);
    } catch (fault) {
      api.releaseSession(session);
      throw fault;
    }
  }

  async run(
    feeds: Readonly<Record<string, Value>>,
    fetches: Readonly<Record<string, Value | null>>,
    recording?: number,
  ): Promise<Record<string, Tensor>> {
    if (this.released) throw new RuntimeFault({ where: 'session', what: 'it has been released' });
    if (this.running) {
      throw new RuntimeFault({ where: 'session', what: 'a run is under way', remedy: 'Await it first.' });
    }
    const wanted = Object.entries(fetches);
    const held: NativeValue[] = [];
    this.running = true;
    try {
      this.bindInputs(feeds, held);
      this.bindOutputs(wanted, held);
      await this.runBound(wanted.length, this.recorded ? this.optionsOf(recording ?? none) : null);
      return this.results(wanted);
    } finally {
      for (const tensor of held) tensor.unhold();
      this.running = false;
      if (this.released) this.free();
    }
  }

  private runBound(outputs: number, options: Address | null): Promise<void> {
    const call = (): Promise<void> =>
      this.api.run.async(
        this.session,
        options,
        this.inputNames,
        this.inputValues,
        this.inputs.length,
        this.outputNames,
        outputs,
        this.outputValues,
      );
    return this.provider === undefined ? call() : this.provider.exclusively('run', call);
  }

  /** Takes effect when a run under way has ended; a second call does nothing. */
  release(): void {
    if (this.released) return;
    this.released = true;
    if (!this.running) this.free();
  }

  private optionsOf(recording: number): Address {
    const known = this.runOptions.get(recording);
    if (known !== undefined) return known;
    const out = cell();
    this.api.createRunOptions(out);
    this.runOptions.set(recording, pointee(out));
    this.api.addRunConfig(pointee(out), recordingKey, String(recording));
    return pointee(out);
  }

  private free(): void {
    for (const options of this.runOptions.values()) this.api.releaseRunOptions(options);
    if (this.provider === undefined) this.api.releaseSession(this.session);
    else this.provider.releaseLater(this.api.releaseSession, this.session);
    this.api.live.sessions--;
  }

  private bindInputs(feeds: Readonly<Record<string, Value>>, held: NativeValue[]): void {
    let fed = 0;
    this.inputPorts.forEach((port, index) => {
      const tensor = feeds[port.name];
      if (tensor === undefined) {
        throw new RuntimeFault({ where: `input ${port.name}`, what: 'it is not fed' });
      }
      fed++;
      this.inputValues[index] = take(`input ${port.name}`, port, tensor, held);
    });
    if (fed === Object.keys(feeds).length) return;
    const unknown = Object.keys(feeds).find((name) => !this.inputs.includes(name))!;
    throw new RuntimeFault({ where: `input ${unknown}`, what: 'the model has no such input' });
  }

  private bindOutputs(wanted: readonly [string, Value | null][], held: NativeValue[]): void {
    wanted.forEach(([name, tensor], index) => {
      const port = this.outputPorts.get(name);
      if (port === undefined) {
        throw new RuntimeFault({ where: `output ${name}`, what: 'the model has no such output' });
      }
      if (port.type === undefined) {
        throw new RuntimeFault({ where: `output ${name}`, what: 'the engine has no such element type' });
      }
      this.outputNames[index] = port.nativeName.address;
      this.outputValues[index] = tensor === null ? 0n : take(`output ${name}`, port, tensor, held);
    });
  }

  private results(wanted: readonly [string, Value | null][]): Record<string, Tensor> {
    const results: Record<string, Tensor> = {};
    wanted.forEach(([name, value], index) => {
      if (value === null) results[name] = NativeTensor.fromValue(this.api, this.outputValues[index]!);
      else if (value instanceof NativeTensor) results[name] = value;
    });
    return results;
  }
}

/** How many are the provider's. */
function byOperator(nodes: readonly PlacedNode[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { operator, onProcessor } of nodes)
    if (!onProcessor) counts.set(operator, (counts.get(operator) ?? 0) + 1);
  return counts;
}

/** Checks a tensor against the model's declaration and holds it for the run. */
function take(where: string, port: Port, value: Value, held: NativeValue[]): Address {
  const tensor = nativeValue(where, value);
  if (tensor.type !== port.type) {
    const expected = port.type ?? 'a type that the engine does not use';
    throw new RuntimeFault({ where, what: 'wrong element type', found: tensor.type, expected });
  }
  const fits =
    tensor.shape.length === port.shape.length &&
    port.shape.every((extent, axis) => extent < 0 || extent === tensor.shape[axis]);
  if (!fits) {
    const expected = `[${port.shape.map((extent) => (extent < 0 ? '?' : extent)).join(', ')}]`;
    throw new RuntimeFault({ where, what: 'wrong shape', found: `[${tensor.shape.join(', ')}]`, expected });
  }
  const address = tensor.hold(where);
  held.push(tensor);
  return address;
}

function portsOf(api: Api, session: Address, kind: 'input' | 'output'): Port[] {
  const out = cell();
  (kind === 'input' ? api.inputCount : api.outputCount)(session, out);
  const count = Number(pointee(out));
  return Array.from({ length: count }, (_, index) => ({
    ...nameOf(api, session, kind, index),
    ...typeOf(api, session, kind, index),
  }));
}

function nameOf(api: Api, session: Address, kind: 'input' | 'output', index: number) {
  const out = cell();
  api.defaultAllocator(out);
  const allocator = pointee(out);
  (kind === 'input' ? api.inputName : api.outputName)(session, index, allocator, out);
  const name = textAt(pointee(out));
  api.free(allocator, pointee(out));
  return { name, nativeName: new NativeText(name) };
}

function typeOf(api: Api, session: Address, kind: 'input' | 'output', index: number) {
  const out = cell();
  (kind === 'input' ? api.inputType : api.outputType)(session, index, out);
  const type = pointee(out);
  try {
    api.tensorOfType(type, out);
    if (pointee(out) === 0n) return { type: undefined, shape: [] };
    const { code, shape } = describeTensor(api, pointee(out));
    return { type: elementTypeOf(code), shape };
  } finally {
    api.releaseType(type);
  }
}
