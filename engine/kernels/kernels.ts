import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { Fault } from '../../errors/fault.js';
import type { Arena } from './arena.js';
import { startThreads } from './threads.js';

export interface AdamwState {
  readonly weights: Float32Array;
  readonly gradients: Float32Array;
  /** Running mean of the gradients, zeros before the first step. */
  readonly firstMoment: Float32Array;
  /** Running mean of their squares, zeros before the first step. */
  readonly secondMoment: Float32Array;
}

export interface AdamwOptions {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** λ of the decoupled decay: weights are first multiplied by 1 − learningRate·λ. */
  readonly weightDecay: number;
  /** 1 for the first step. */
  readonly step: number;
  /** Gradients are multiplied by it before anything else: clipping and loss scale. */
  readonly gradientScale: number;
}

export interface DropoutOptions {
  /** Of an element to become 0; at least 0, below 1. */
  readonly probability: number;
  readonly key: readonly [number, number];
  /** Words 1 to 3 of Philox's counter; word 0 is the element's index divided by 4. */
  readonly counter: readonly [number, number, number];
}

interface Exports {
  dispatch(kernel: number, chunks: number, alone: boolean): void;
  serve(generation: number): void;
  stop(): void;
}

/** The order of `runChunk` in assembly/kernels.ts. */
const kernelNumbers = {
  adamw: 0,
  sumOfSquares: 1,
  scale: 2,
  fill: 3,
  addRows: 4,
  dropoutMasks: 5,
  bound: 6,
  dropoutFlags: 7,
};

// As in assembly/layout.ts and assembly/rows.ts.
const chunkElements = 65_536;
const chunkColumns = 64;
const generationAddress = 128;
const argumentsAddress = 320;
const partialsAddress = 4096;
const rowsAddress = partialsAddress + 16_384 * 8;
const rowsAtOnce = 65_536;

/**
 * Arithmetic over views of one arena, split over threads. Calls return when the work is done; the
 * results are the same bits for any number of threads, because the split into chunks is fixed.
 */
export class Kernels {
  private readonly integers: Uint32Array;
  private readonly floats: Float32Array;
  private readonly partials: Float64Array;
  private readonly rows: Int32Array;

  private constructor(
    private readonly arena: Arena,
    private readonly native: Exports,
    private readonly workers: readonly Worker[],
  ) {
    const { buffer } = arena.memory;
    this.integers = new Uint32Array(buffer, argumentsAddress, 16);
    this.floats = new Float32Array(buffer, argumentsAddress, 16);
    this.partials = new Float64Array(buffer, partialsAddress, 16_384);
    this.rows = new Int32Array(buffer, rowsAddress, rowsAtOnce);
  }

  /** Kernels on `threads` threads, this one among them. An arena serves one `Kernels` at a time. */
  static async open(arena: Arena, threads: number): Promise<Kernels> {
    const module = new WebAssembly.Module(readFileSync(new URL('./kernels.wasm', import.meta.url)));
    const instance = new WebAssembly.Instance(module, { env: { memory: arena.memory } });
    const generation = new Int32Array(arena.memory.buffer, generationAddress, 1);
    Atomics.store(generation, 0, 0);
    const workers = await startThreads(threads - 1, module, arena.memory, 0);
    return new Kernels(arena, instance.exports as Exports, workers);
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    const exits = this.workers.map((worker) => once(worker, 'exit'));
    for (const worker of this.workers) worker.ref();
    this.native.stop();
    await Promise.all(exits);
  }

  /** One step of AdamW, in the order of torch.optim.AdamW: decay first. */
  adamw(state: AdamwState, options: AdamwOptions): void {
    const { learningRate, beta1, beta2, epsilon, weightDecay, step, gradientScale } = options;
    const { weights, gradients, firstMoment, secondMoment } = state;
    const views = [weights, gradients, firstMoment, secondMoment];
    views.forEach((view, index) => (this.integers[index] = this.addressOf(view, weights.length)));
    this.integers[4] = weights.length;
    this.floats.set(
      [
        gradientScale,
        1 - learningRate * weightDecay,
        1 - beta1,
        beta2,
        1 - beta2,
        Math.sqrt(1 - beta2 ** step),
        epsilon,
        -learningRate / (1 - beta1 ** step),
      ],
      5,
    );
    this.dispatch('adamw', Math.ceil(weights.length / chunkElements));
  }

  /** In float64: per chunk of 64 Ki elements, then the chunks' sums in order. */
  sumOfSquares(view: Float32Array): number {
    const chunks = this.overElements('sumOfSquares', view, 0);
    let sum = 0;
    for (let chunk = 0; chunk < chunks; chunk++) sum += this.partials[chunk]!;
    return sum;
  }

  scale(view: Float32Array, factor: number): void {
    this.overElements('scale', view, factor);
  }

  fill(view: Float32Array, value: number): void {
    this.overElements('fill', view, value);
  }

  /** view[i] becomes no larger than ±share·|of[i]|; both of the arena and of the same length. */
  bound(view: Float32Array, of: Float32Array, share: number): void {
    this.integers.set([this.addressOf(view, of.length), of.length]);
    this.floats[2] = share;
    this.integers[3] = this.addressOf(of, of.length);
    this.dispatch('bound', Math.ceil(of.length / chunkElements));
  }

  /** target[i] += source[i], both of the arena and of the same length. */
  add(target: Float32Array, source: Float32Array): void {
    this.addRows(target, Int32Array.of(0), source, target.length);
  }

  /**
   * table[indices[i]] += source[i] for each i in order, so that repeated indices add up the same way
   * every time. `table` is [rows, width], `source` [indices.length, width], both of the arena;
   * `indices` may lie anywhere.
   * @throws Fault when an index is not a row of the table; nothing of its block of 64 Ki rows is added
   */
  addRows(
    table: Float32Array,
    indices: Int32Array | BigInt64Array,
    source: Float32Array,
    width: number,
  ): void {
    const tableAddress = this.addressOf(table, table.length);
    const sourceAddress = this.addressOf(source, indices.length * width);
    const tableRows = table.length / width;
    for (let first = 0; first < indices.length; first += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, indices.length - first);
      for (let i = 0; i < count; i++) this.rows[i] = rowOf(indices[first + i]!, tableRows);
      this.integers.set([tableAddress, sourceAddress + first * width * 4, count, width]);
      this.dispatch('addRows', Math.ceil(width / chunkColumns));
    }
  }

  /**
   * Fills the view with 0 or 1/(1 − probability): element i from lane i mod 4 of the Philox4x32-10
   * block at counter (i div 4, …counter), kept if that draw is at least round(probability·2³²). A view of bytes is
   * filled with 0 or 1 instead, by the same draws.
   */
  dropoutMasks(view: Float32Array | Uint8Array, { probability, key, counter }: DropoutOptions): void {
    if (!(probability >= 0 && probability < 1)) {
      const expected = 'at least 0 and below 1';
      throw new Fault({ where: 'dropout', what: 'probability', found: `${probability}`, expected });
    }
    this.integers.set([this.addressOf(view, view.length), view.length]);
    this.floats[2] = 1 / (1 - probability);
    this.integers.set([dropThreshold(probability), ...key, ...counter], 3);
    const kernel = view instanceof Float32Array ? 'dropoutMasks' : 'dropoutFlags';
    this.dispatch(kernel, Math.ceil(view.length / chunkElements));
  }

  private overElements(kernel: 'sumOfSquares' | 'scale' | 'fill', view: Float32Array, value: number): number {
    this.integers.set([this.addressOf(view, view.length), view.length]);
    this.floats[2] = value;
    const chunks = Math.ceil(view.length / chunkElements);
    this.dispatch(kernel, chunks);
    return chunks;
  }

  private dispatch(kernel: keyof typeof kernelNumbers, chunks: number): void {
    if (chunks === 0) return;
    this.native.dispatch(kernelNumbers[kernel], chunks, chunks === 1 || this.workers.length === 0);
  }

  private addressOf(view: Float32Array | Uint8Array, length: number): number {
    const where = 'kernel argument';
    if (view.buffer !== this.arena.memory.buffer) throw new Fault({ where, what: 'it is not of the arena' });
    if (view.length !== length) {
      throw new Fault({ where, what: 'wrong length', found: `${view.length}`, expected: `${length}` });
    }
    return view.byteOffset;
  }
}

/** Draws below it drop their element; at most 2³² − 1, so that the largest draw is always kept. */
export function dropThreshold(probability: number): number {
  return Math.min(Math.round(probability * 2 ** 32), 2 ** 32 - 1);
}

function rowOf(index: number | bigint, rows: number): number {
  const row = Number(index);
  if (row >= 0 && row < rows) return row;
  const expected = `0 to ${rows - 1}`;
  throw new Fault({
    where: 'addRows',
    what: 'an index is not a row of the table',
    found: `${index}`,
    expected,
  });
}
