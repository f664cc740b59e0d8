import { Arena } from '../kernels/arena.js';
import type { AdamwState } from '../kernels/kernels.js';
import { Kernels } from '../kernels/kernels.js';

/** A parameter as the optimizer sees it. */
export interface OptimizedParameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** Whether weight decay applies. */
  readonly decay: boolean;
}

/** All parameters of one kind that lie one after the other: the optimizer steps them as one. */
export interface ParameterRange {
  readonly kernels: Kernels;
  readonly decay: boolean;
  readonly state: AdamwState;
}

/** One shared memory holds at most 4 GiB; a larger model takes several. */
const MOST_BYTES = 3.9 * 2 ** 30;
const ARRAYS = ['weights', 'gradients', 'firstMoment', 'secondMoment'] as const;

/** Weights, gradients and AdamW's two moments of every parameter, in memory that kernels and ONNX Runtime share. */
export class ParameterMemory {
  private constructor(
    readonly ranges: readonly ParameterRange[],
    /** Room in the memory of the first parameters, for gradients of looked-up rows. */
    readonly rowScratch: Float32Array,
    private readonly views: ReadonlyMap<string, AdamwState & { readonly kernels: Kernels }>,
  ) {}

  /**
   * @param parameters in an order that puts tables first: their rows are added up within one memory
   * @param scratch elements of `rowScratch`
   */
  static async allocate(
    parameters: readonly OptimizedParameter[],
    options: { readonly threads: number; readonly scratch: number },
  ): Promise<ParameterMemory> {
    const ranges: ParameterRange[] = [];
    let rowScratch: Float32Array | null = null;
    const views = new Map<string, AdamwState & { kernels: Kernels }>();
    for (const block of blocks(parameters)) {
      const groups = [true, false].map((decay) => block.filter((parameter) => parameter.decay === decay));
      const counts = groups.map((group) => group.reduce((sum, parameter) => sum + aligned(parameter), 0));
      const states = counts.reduce((sum, count) => sum + ARRAYS.length * Arena.bytesFor(count), 0);
      const scratch = rowScratch === null ? options.scratch : 0;
      const arena = Arena.create(states + Arena.bytesFor(scratch));
      rowScratch ??= arena.allocate(scratch);
      const kernels = await Kernels.open(arena, options.threads);
      groups.forEach((group, i) => {
        if (group.length === 0) return;
        const state = stateOf(() => arena.allocate(counts[i] ?? 0));
        ranges.push({ kernels, decay: i === 0, state });
        let offset = 0;
        for (const parameter of group) {
          const start = offset;
          const end = start + elements(parameter);
          views.set(parameter.name, { kernels, ...stateOf((array) => state[array].subarray(start, end)) });
          offset += aligned(parameter);
        }
      });
    }
    return new ParameterMemory(ranges, rowScratch ?? new Float32Array(0), views);
  }

  /** The arrays of one parameter, row-major. */
  of(name: string): AdamwState & { readonly kernels: Kernels } {
    const view = this.views.get(name);
    if (view === undefined) throw new RangeError(`no parameter '${name}'`);
    return view;
  }

  async close(): Promise<void> {
    await Promise.all(
      [...new Set(this.ranges.map(({ kernels }) => kernels))].map((kernels) => kernels.close()),
    );
  }
}

function stateOf(make: (array: (typeof ARRAYS)[number]) => Float32Array): AdamwState {
  const [weights, gradients, firstMoment, secondMoment] = ARRAYS.map(make) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  return { weights, gradients, firstMoment, secondMoment };
}

function elements({ shape }: OptimizedParameter): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** Elements a parameter takes: its own, up to the next multiple of 64 bytes. The rest stays 0. */
function aligned(parameter: OptimizedParameter): number {
  return Arena.bytesFor(elements(parameter)) / Float32Array.BYTES_PER_ELEMENT;
}

/** The parameters in order, cut wherever the next would not fit the same memory. */
function blocks(parameters: readonly OptimizedParameter[]): OptimizedParameter[][] {
  const cut: OptimizedParameter[][] = [];
  let room = 0;
  for (const parameter of parameters) {
    const bytes = ARRAYS.length * aligned(parameter) * Float32Array.BYTES_PER_ELEMENT;
    if (bytes > room) {
      cut.push([]);
      room = MOST_BYTES;
    }
    cut[cut.length - 1]?.push(parameter);
    room -= bytes;
  }
  return cut;
}
