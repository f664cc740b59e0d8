import { InputFault } from '../../../errors/fault.js';
import { Arena } from '../../kernels/arena.js';
import type { AdamwState } from '../../kernels/kernels.js';
import { Kernels } from '../../kernels/kernels.js';
import type { ParameterGroup } from '../../optim/parameter-groups.js';
import { elementCount } from '../../runtime/elements.js';
import type { OptimizedParameter } from '../training-program.js';
import type { ExtraArray } from './extra-arrays.js';

/** What an optimizer keeps of each parameter, some of it only where it is asked for. */
export interface ParameterArrays extends AdamwState {
  /** Gradients of the batches of a step so far. */
  readonly sums?: Float32Array;
  /** An average of the weights over the steps. */
  readonly average?: Float32Array;
  /** The weights as they are moved for a pass (perturb.ts). */
  readonly perturbed?: Float32Array;
}

/** All parameters of one group that are trained and lie one after the other: the optimizer steps them as one. */
export interface ParameterRange {
  readonly kernels: Kernels;
  readonly group: ParameterGroup;
  readonly state: ParameterArrays;
}

/** A parameter's arrays, and where the kernels can add rows up to it. */
export interface ParameterViews extends ParameterArrays {
  readonly kernels: Kernels;
  /** Room in the same memory for gradients of looked-up rows; empty for what is not a table. */
  readonly rowScratch: Float32Array;
}

export interface ParameterMemoryOptions {
  readonly threads: number;
  /** Parameters whose rows are looked up. */
  readonly tables: ReadonlySet<string>;
  /** Elements of each `rowScratch`. */
  readonly scratch: number;
  /** Default none. */
  readonly extra?: readonly ExtraArray[];
  /** One shared memory holds at most so much; a larger model takes several. Default what one can hold. */
  readonly mostBytes?: number;
}

const ARRAYS = ['weights', 'gradients', 'firstMoment', 'secondMoment'] as const;

type ArrayName = (typeof ARRAYS)[number] | ExtraArray | 'perturbed';

/** Weights, gradients and AdamW's two moments of every parameter, in memory that kernels and ONNX Runtime share. */
export class ParameterMemory {
  private constructor(
    readonly ranges: readonly ParameterRange[],
    private readonly views: ReadonlyMap<string, ParameterViews>,
  ) {}

  /**
   * @param parameters in an order that puts tables first, so that they share a memory where they can
   * @throws InputFault for a parameter that no memory can hold
   */
  static async allocate(
    parameters: readonly OptimizedParameter[],
    options: ParameterMemoryOptions,
  ): Promise<ParameterMemory> {
    const { threads, tables, scratch, extra = [] } = options;
    const ranges: ParameterRange[] = [];
    const views = new Map<string, ParameterViews>();
    for (const block of blocks(parameters, options)) {
      const groups = alike(block);
      const counts = groups.map((members) => members.reduce((sum, parameter) => sum + aligned(parameter), 0));
      const states = groups.reduce(
        (sum, [first], i) => sum + arrayCount(first, extra.length) * Arena.bytesFor(counts[i] ?? 0),
        0,
      );
      const rows = block.some(({ name }) => tables.has(name)) ? scratch : 0;
      const arena = Arena.create(states + Arena.bytesFor(rows));
      const rowScratch = arena.allocate(rows);
      const kernels = await Kernels.open(arena, threads);
      groups.forEach((members, i) => {
        const [{ group }] = members;
        const asked = group.perturbed ? ([...extra, 'perturbed'] as const) : extra;
        const allocate = (): Float32Array => arena.allocate(counts[i] ?? 0);
        const state = group.trained ? arraysOf(asked, allocate) : weightsAlone(allocate());
        if (group.trained) ranges.push({ kernels, group, state });
        let offset = 0;
        for (const parameter of members) {
          const start = offset;
          const end = start + elementCount(parameter.shape);
          const arrays = group.trained
            ? arraysOf(asked, (array) => (state[array] as Float32Array).subarray(start, end))
            : weightsAlone(state.weights.subarray(start, end));
          views.set(parameter.name, { kernels, rowScratch, ...arrays });
          offset += aligned(parameter);
        }
      });
    }
    return new ParameterMemory(ranges, views);
  }

  /** The arrays of one parameter, row-major. */
  of(name: string): ParameterViews {
    const view = this.views.get(name);
    if (view === undefined) throw new RangeError(`no parameter '${name}'`);
    return view;
  }

  async close(): Promise<void> {
    await Promise.all(
      [...new Set([...this.views.values()].map(({ kernels }) => kernels))].map((kernels) => kernels.close()),
    );
  }
}

/** Parameters that the optimizer steps alike, in the order given, those that decay first. */
function alike(parameters: readonly OptimizedParameter[]): [OptimizedParameter, ...OptimizedParameter[]][] {
  const groups = new Map<string, [OptimizedParameter, ...OptimizedParameter[]]>();
  const decayedFirst = [...parameters].sort((a, b) => Number(b.group.decay) - Number(a.group.decay));
  for (const parameter of decayedFirst) {
    const key = JSON.stringify(parameter.group);
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [parameter]);
    else members.push(parameter);
  }
  return [...groups.values()];
}

function arraysOf(
  extra: readonly Exclude<ArrayName, (typeof ARRAYS)[number]>[],
  make: (array: ArrayName) => Float32Array,
): ParameterArrays {
  const [weights, gradients, firstMoment, secondMoment] = ARRAYS.map(make) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const asked = Object.fromEntries(extra.map((array) => [array, make(array)]));
  return { weights, gradients, firstMoment, secondMoment, ...asked };
}

const none = new Float32Array(0);

function weightsAlone(weights: Float32Array): ParameterArrays {
  return { weights, gradients: none, firstMoment: none, secondMoment: none };
}

function arrayCount({ group }: OptimizedParameter, extra: number): number {
  return group.trained ? ARRAYS.length + extra + Number(group.perturbed) : 1;
}

/** Elements a parameter takes: its own, up to the next multiple of 64 bytes. The rest stays 0. */
function aligned(parameter: OptimizedParameter): number {
  return Arena.bytesFor(elementCount(parameter.shape)) / Float32Array.BYTES_PER_ELEMENT;
}

/** Bytes that a parameter takes with all its arrays. @param extra how many of those that are asked for */
export function bytesOf(parameter: OptimizedParameter, extra: number): number {
  return arrayCount(parameter, extra) * aligned(parameter) * Float32Array.BYTES_PER_ELEMENT;
}

/** The parameters in order, cut wherever the next would not fit the same memory, a table with its scratch. */
function blocks(
  parameters: readonly OptimizedParameter[],
  { tables, scratch, extra = [], mostBytes = Arena.mostBytes }: ParameterMemoryOptions,
): OptimizedParameter[][] {
  const cut: OptimizedParameter[][] = [];
  let room = 0;
  let withScratch = false;
  for (const parameter of parameters) {
    const isTable = tables.has(parameter.name);
    const needed = (hasScratch: boolean): number =>
      bytesOf(parameter, extra.length) + (isTable && !hasScratch ? Arena.bytesFor(scratch) : 0);
    if (cut.length === 0 || needed(withScratch) > room) {
      if (needed(false) > mostBytes) throw tooLarge(parameter, needed(false), mostBytes);
      cut.push([]);
      room = mostBytes;
      withScratch = false;
    }
    cut[cut.length - 1]?.push(parameter);
    room -= needed(withScratch);
    withScratch ||= isTable;
  }
  return cut;
}

function tooLarge({ name, shape }: OptimizedParameter, bytes: number, mostBytes: number): InputFault {
  return new InputFault({
    where: `parameter ${name}`,
    what: 'it is too large to be trained',
    found: `${bytes} bytes with its gradient and the optimizer's state, for [${shape.join(', ')}]`,
    expected: `at most ${mostBytes} bytes in one memory`,
    remedy: 'Use a smaller model.',
  });
}
