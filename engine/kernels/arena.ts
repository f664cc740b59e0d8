import { Fault } from '../../errors/fault.js';

const pageBytes = 65_536;
/** One below 4 GiB, so that the end of a view is an address too. */
const mostPages = 65_535;
const alignment = 64;

/** What the kernels keep at the start of the memory: see assembly/layout.ts. */
const reservedBytes = 7 * pageBytes;

/**
 * One shared WebAssembly memory for weights, gradients and optimizer state. Kernels work in it on
 * several threads, and ONNX Runtime reads and writes the same bytes. Nothing in it is ever freed or
 * moved; it goes when the last view of it goes.
 */
export class Arena {
  /** The most that allocations may take together: 4 GiB but for what the kernels keep. */
  static readonly mostBytes = mostPages * pageBytes - reservedBytes;

  private next = reservedBytes;

  private constructor(readonly memory: WebAssembly.Memory) {}

  /**
   * An arena for allocations of `bytes` in all; each of them takes a multiple of 64 bytes.
   * @throws Fault above 4 GiB, or when the machine does not give that much
   */
  static create(bytes: number): Arena {
    const pages = Math.ceil((reservedBytes + bytes) / pageBytes);
    const where = 'memory for weights and optimizer state';
    if (pages > mostPages) {
      throw new Fault({ where, what: 'it is too large', found: `${bytes} bytes`, expected: 'at most 4 GiB' });
    }
    try {
      return new Arena(new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }));
    } catch (cause) {
      const remedy = 'Use a smaller model, or a machine with more memory.';
      throw new Fault({ where, what: `${bytes} bytes cannot be had`, remedy }, { cause });
    }
  }

  /** Bytes that `count` float32 values take of an arena. */
  static bytesFor(count: number): number {
    return Math.ceil((count * Float32Array.BYTES_PER_ELEMENT) / alignment) * alignment;
  }

  /** `count` zeros, aligned to 64 bytes. @throws Fault when the arena is used up */
  allocate(count: number): Float32Array {
    const view = this.next;
    const end = view + Arena.bytesFor(count);
    if (end > this.memory.buffer.byteLength) {
      const found = `${this.memory.buffer.byteLength - view} bytes left`;
      throw new Fault({ where: 'arena', what: 'it is used up', found, expected: `${count * 4} bytes` });
    }
    this.next = end;
    return new Float32Array(this.memory.buffer, view, count);
  }
}
