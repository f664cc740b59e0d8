import { Arena } from '../kernels/arena.js';
import { Kernels } from '../kernels/kernels.js';

/** Memory for the dropout masks of one step. Grows as batches do. */
export class Scratch {
  private opened: Kernels | null = null;
  private whole: Float32Array = new Float32Array(0);
  private used = 0;

  constructor(private readonly threads: number) {}

  /** Starts a step that needs `counts` elements in its pieces; earlier pieces are void. Gives the kernels over them. */
  async reset(counts: readonly number[]): Promise<Kernels> {
    const needed = counts.reduce((sum, count) => sum + align(count), 0);
    if (this.opened === null || needed > this.whole.length) {
      await this.close();
      const room = Math.ceil(needed * 1.25);
      const arena = Arena.create(Arena.bytesFor(room));
      this.whole = arena.allocate(room);
      this.opened = await Kernels.open(arena, this.threads);
    }
    this.used = 0;
    return this.opened;
  }

  take(count: number): Float32Array {
    const piece = this.whole.subarray(this.used, this.used + count);
    this.used += align(count);
    return piece;
  }

  async close(): Promise<void> {
    await this.opened?.close();
    this.opened = null;
    this.whole = new Float32Array(0);
  }
}

function align(count: number): number {
  return Arena.bytesFor(count) / Float32Array.BYTES_PER_ELEMENT;
}
