/** The only face of ONNX Runtime that the rest of the engine knows. */
export type ElementType = 'float32' | 'int64' | 'int32' | 'bool' | 'float16';

export type ElementArray = Float32Array | BigInt64Array | Int32Array | Uint8Array | Uint16Array;

/** A tensor, wherever it lies; valid until `release`. */
export interface Value {
  readonly type: ElementType;
  readonly shape: readonly number[];
  release(): void;
}

/** A tensor over memory of the caller's or of ONNX Runtime's, which the processor reads. */
export interface Tensor extends Value {
  /** The tensor's elements, row-major, not a copy. */
  readonly data: ElementArray;
}

/**
 * A tensor that is a part of another of the same device, from a byte on: what is written to the one is read of the
 * other. The other lasts at least as long as it.
 *
 * @throws RuntimeFault unless it lies within the other
 */
export type View = (of: Value, type: ElementType, shape: readonly number[], byteOffset: number) => Value;

/** Execution providers other than the processor's. */
export type ProviderName = 'webgpu' | 'cuda';

/**
 * An execution provider that has started: a device's memory, and what sessions are created on. It lives as long as
 * the process. Its calls queue: a run, a copy and an allocation do not overlap.
 */
export interface Provider {
  readonly name: ProviderName;
  /**
   * A tensor on the device; what it holds is not defined.
   * @throws DeviceFault where the device has no room for it
   */
  allocate(type: ElementType, shape: readonly number[]): Promise<Value>;
  /**
   * Copies tensors, to the device, from it, or within it: each of a pair has one type and as many elements as the other.
   * When it ends what was copied to the processor can be read, and what was copied from there may change.
   */
  copy(pairs: readonly (readonly [from: Value, to: Value])[]): Promise<void>;
  /** Makes a view; null where the memory of the device has handles instead of addresses. */
  readonly view: View | null;
  /**
   * Where a tensor of it lies, an address where its memory has such: two that are alike in this and in shape are the same
   * to a kernel.
   */
  placeOf(value: Value): bigint;
}

export interface ProviderOptions {
  readonly provider: Provider;
  /**
   * Names of the nodes that are the processor's: those that compute sizes, which a kernel wants there and would else
   * have to wait for. Any other node that would run there fails the session, by name.
   */
  readonly onProcessor: ReadonlySet<string>;
  /**
   * Whether runs may be recorded, to be replayed (`run`'s third argument). Such a session has memory of its own for what
   * it computes on the way, where no tensor that outlives a run may come to lie: a replayed run writes there again.
   */
  readonly recorded?: boolean;
}

export interface SessionOptions {
  /** Intra-op threads. */
  readonly threads: number;
  /**
   * The folder of the files that hold the model's external initializers, itself no link. What is large of them is
   * mapped, not copied.
   */
  readonly externalFolder?: string;
  /** Where it runs; on the processor where this is absent. */
  readonly on?: ProviderOptions;
}

export interface Session {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** How many nodes the provider runs, by operator; of a session on the processor none. */
  readonly nodes: ReadonlyMap<string, number>;
  /**
   * Runs the model. `fetches` names the outputs wanted; a tensor given there receives the output in
   * place (its shape must fit), `null` lets ONNX Runtime allocate it, and the caller releases it.
   * Buffers stay held until the run ends. Runs of one session do not overlap.
   *
   * On a provider both take tensors of either memory: those of the processor are copied there or back.
   *
   * @param recording of a session that is `recorded`: the number of the recording that is made of this run, or of which it
   * is the replay; the caller sees that tensors of the device are at the same places each time, and those of the
   * processor the same in value. Absent: the run is none
   * @returns the outputs in the processor's memory
   */
  run(
    feeds: Readonly<Record<string, Value>>,
    fetches: Readonly<Record<string, Value | null>>,
    recording?: number,
  ): Promise<Record<string, Tensor>>;
  release(): void;
}

export interface Runtime {
  /** ONNX Runtime's version, the pinned one. */
  readonly version: string;
  /** Sessions and tensors created and not yet released. */
  readonly live: Readonly<{ sessions: number; values: number }>;
  /**
   * Starts a provider at the first call.
   * @param card its number among those that the provider reaches; default 0
   * @throws EnvironmentFault where no device of it starts
   */
  provider(name: ProviderName, card?: number): Promise<Provider>;
  createSession(model: Uint8Array, options: SessionOptions): Promise<Session>;
  /** A tensor over the given array: no copy, the array is held until `release`. */
  tensor(type: ElementType, shape: readonly number[], data: ElementArray): Tensor;
}
