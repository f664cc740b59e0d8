import koffi from 'koffi';
import { cell, pointee, type Address, type Api } from './api.js';
import { RuntimeFault } from './fault.js';
import type { ElementType, Session, SessionOptions, Tensor } from './runtime.js';
import { describeTensor, elementTypeOf, NativeTensor } from './tensor.js';

/** An input or output as the model declares it. */
interface Port {
  readonly name: string;
  /** The name as the C API takes it: NUL-terminated, held by the session. */
  readonly nameBytes: Buffer;
  readonly nameAddress: Address;
  readonly type: ElementType | undefined;
  /** −1 where the model leaves an extent open. */
  readonly shape: readonly number[];
}

const sequential = 0;
const allOptimizations = 99;

export class NativeSession implements Session {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  private readonly inputPorts: readonly Port[];
  private readonly outputPorts: ReadonlyMap<string, Port>;
  private readonly inputNames: BigUint64Array;
  private readonly inputValues: BigUint64Array;
  private readonly outputNames: BigUint64Array;
  private readonly outputValues: BigUint64Array;
  private running = false;
  private released = false;

  private constructor(
    private readonly api: Api,
    private readonly session: Address,
  ) {
    this.inputPorts = portsOf(api, session, 'input');
    this.inputs = this.inputPorts.map((port) => port.name);
    this.inputNames = addresses(this.inputs.length);
    this.inputValues = addresses(this.inputs.length);
    this.inputPorts.forEach((port, index) => (this.inputNames[index] = port.nameAddress));
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
    const native = nativeOptions(api, options);
    const out = cell();
    try {
      await api.createSession.async(env, model, model.byteLength, native, out);
    } finally {
      api.releaseSessionOptions(native);
    }
    return new NativeSession(api, pointee(out));
  }

  async run(
    feeds: Readonly<Record<string, Tensor>>,
    fetches: Readonly<Record<string, Tensor | null>>,
  ): Promise<Record<string, Tensor>> {
    if (this.released) throw new RuntimeFault({ where: 'session', what: 'it has been released' });
    if (this.running) {
      throw new RuntimeFault({ where: 'session', what: 'a run is under way', remedy: 'Await it first.' });
    }
    const wanted = Object.entries(fetches);
    const held: NativeTensor[] = [];
    this.running = true;
    try {
      this.bindInputs(feeds, held);
      this.bindOutputs(wanted, held);
      await this.api.run.async(
        this.session,
        null,
        this.inputNames,
        this.inputValues,
        this.inputs.length,
        this.outputNames,
        wanted.length,
        this.outputValues,
      );
      return this.results(wanted);
    } finally {
      for (const tensor of held) tensor.unhold();
      this.running = false;
      if (this.released) this.free();
    }
  }

  /** Takes effect when a run under way has ended; a second call does nothing. */
  release(): void {
    if (this.released) return;
    this.released = true;
    if (!this.running) this.free();
  }

  private free(): void {
    this.api.releaseSession(this.session);
    this.api.live.sessions--;
  }

  private bindInputs(feeds: Readonly<Record<string, Tensor>>, held: NativeTensor[]): void {
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

  private bindOutputs(wanted: readonly [string, Tensor | null][], held: NativeTensor[]): void {
    wanted.forEach(([name, tensor], index) => {
      const port = this.outputPorts.get(name);
      if (port === undefined) {
        throw new RuntimeFault({ where: `output ${name}`, what: 'the model has no such output' });
      }
      if (port.type === undefined) {
        throw new RuntimeFault({ where: `output ${name}`, what: 'the engine has no such element type' });
      }
      this.outputNames[index] = port.nameAddress;
      this.outputValues[index] = tensor === null ? 0n : take(`output ${name}`, port, tensor, held);
    });
  }

  private results(wanted: readonly [string, Tensor | null][]): Record<string, Tensor> {
    const results: Record<string, Tensor> = {};
    wanted.forEach(([name, tensor], index) => {
      results[name] = tensor ?? NativeTensor.fromValue(this.api, this.outputValues[index]!);
    });
    return results;
  }
}

/** Checks a tensor against the model's declaration and holds it for the run. */
function take(where: string, port: Port, tensor: Tensor, held: NativeTensor[]): Address {
  if (!(tensor instanceof NativeTensor)) {
    throw new RuntimeFault({ where, what: 'the tensor was not made by this runtime' });
  }
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
  const value = tensor.hold(where);
  held.push(tensor);
  return value;
}

function addresses(count: number): BigUint64Array {
  return new BigUint64Array(new ArrayBuffer(8 * Math.max(count, 1)));
}

function nativeOptions(api: Api, { threads, externalFolder }: SessionOptions): Address {
  const out = cell();
  api.createSessionOptions(out);
  const options = pointee(out);
  api.setIntraOpThreads(options, threads);
  api.setInterOpThreads(options, 1);
  api.setExecutionMode(options, sequential);
  api.setOptimization(options, allOptimizations);
  // The shapes change from batch to batch: a plan made for one would only hold memory for another.
  api.disableMemoryPattern(options);
  api.addSessionConfig(options, 'session.use_env_allocators', '1');
  if (externalFolder !== undefined) {
    api.addSessionConfig(options, 'session.model_external_initializers_file_folder_path', externalFolder);
  }
  return options;
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
  const name = koffi.decode.string(pointee(out));
  api.free(allocator, pointee(out));
  const nameBytes = Buffer.from(new ArrayBuffer(Buffer.byteLength(name) + 1));
  nameBytes.write(name);
  return { name, nameBytes, nameAddress: koffi.address(nameBytes) };
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
