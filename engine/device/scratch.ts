import { Arena } from '../kernels/arena.js';
import { Kernels } from '../kernels/kernels.js';

/** A piece of memory, and the kernels that work in it. */
export interface ScratchPiece {
  readonly kernels: Kernels;
  readonly view: Float32Array;
}

interface Memory {
  readonly kernels: Kernels;
  readonly whole: Float32Array;
}

/** Room beyond what a step needs, since the next may need a little more. */
export const SLACK = 1.25;

/** Memory for the dropout masks of one step: as many memories as they take. Grows as batches do. */
export class Scratch {
  private memories: readonly Memory[] = [];

  /** @param mostBytes of one memory */
  constructor(
    private readonly threads: number,
    private readonly mostBytes = Arena.mostBytes,
  ) {}

  /** Starts a step that needs pieces of so many elements; earlier pieces are void. */
  async pieces(counts: readonly number[]): Promise<readonly ScratchPiece[]> {
    const rooms = (): number[] => this.memories.map(({ whole }) => whole.length);
    if (place(counts, rooms()) === null) await this.reopen(counts);
    const places = place(counts, rooms()) ?? [];
    return places.map(({ memory, first, count }) => {
      const { kernels, whole } = this.memories[memory] as Memory;
      return { kernels, view: whole.subarray(first, first + count) };
    });
  }

  private async reopen(counts: readonly number[]): Promise<void> {
    await this.close();
    const most = Math.floor(this.mostBytes / Float32Array.BYTES_PER_ELEMENT);
    const memories: Memory[] = [];
    for (const load of loads(counts, most)) {
      const room = Math.max(load, Math.min(most, Math.ceil(load * SLACK)));
      const arena = Arena.create(Arena.bytesFor(room));
      const whole = arena.allocate(room);
      memories.push({ kernels: await Kernels.open(arena, this.threads), whole });
    }
    this.memories = memories;
  }

  async close(): Promise<void> {
    const { memories } = this;
    this.memories = [];
    await Promise.all(memories.map(({ kernels }) => kernels.close()));
  }
}

interface Place {
  readonly memory: number;
  readonly first: number;
  readonly count: number;
}

/** One piece after the other, in the next memory where one is full; null where the last is. */
function place(counts: readonly number[], rooms: readonly number[]): Place[] | null {
  const places: Place[] = [];
  let memory = 0;
  let first = 0;
  for (const count of counts) {
    while (first + align(count) > (rooms[memory] ?? Infinity)) {
      memory++;
      first = 0;
    }
    if (memory >= rooms.length) return null;
    places.push({ memory, first, count });
    first += align(count);
  }
  return places;
}

/** What each memory would hold if none had more than `most` elements; a piece beyond that gets its own. */
function loads(counts: readonly number[], most: number): number[] {
  const found: number[] = [0];
  for (const count of counts.map(align)) {
    const load = found[found.length - 1] as number;
    if (load > 0 && load + count > most) found.push(count);
    else found[found.length - 1] = load + count;
  }
  return found;
}

function align(count: number): number {
  return Arena.bytesFor(count) / Float32Array.BYTES_PER_ELEMENT;
}
