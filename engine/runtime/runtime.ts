/** The only face of ONNX Runtime that the rest of the engine knows. */
export type ElementType = 'float32' | 'int64' | 'int32' | 'bool' | 'float16';

export type ElementArray = Float32Array | BigInt64Array | Int32Array | Uint8Array | Uint16Array;

/** A tensor over memory of the caller's or of ONNX Runtime's; valid until `release`. */
export interface Tensor {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** The tensor's elements, row-major, not a copy. */
  readonly data: ElementArray;
  release(): void;
}

export interface SessionOptions {
  /** Intra-op threads. */
  readonly threads: number;
  /**
   * The folder of the files that hold the model's external initializers, itself no link. What is large of them is
   * mapped, not copied.
   */
  readonly externalFolder?: string;
}

export interface Session {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /**
   * Runs the model. `fetches` names the outputs wanted; a tensor given there receives the output in
   * place (its shape must fit), `null` lets ONNX Runtime allocate it, and the caller releases it.
   * Buffers stay held until the run ends. Runs of one session do not overlap.
   */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    fetches: Readonly<Record<string, Tensor | null>>,
  ): Promise<Record<string, Tensor>>;
  release(): void;
}

export interface Runtime {
  /** ONNX Runtime's version, the pinned one. */
  readonly version: string;
  createSession(model: Uint8Array, options: SessionOptions): Promise<Session>;
  /** A tensor over the given array: no copy, the array is held until `release`. */
  tensor(type: ElementType, shape: readonly number[], data: ElementArray): Tensor;
}
