import { useCudaOperators } from '../../graph/cuda-operators.js';
import { elementBytes } from '../../graph/dtype.js';
import type { Graph } from '../../graph/graph.js';
import { mostLiveBytes } from '../../graph/live-bytes.js';
import { elements } from '../../graph/product-operations.js';
import type { Shape } from '../../graph/shape.js';
import { useWebGpuOperators } from '../../graph/webgpu-operators.js';
import { elementCount } from '../../runtime/elements.js';
import { bytesOfNorm } from '../cuda/norm-sums.js';
import { webGpu, type DeviceName, type processor } from '../device.js';
import type { TrainingProgram } from '../training-program.js';
import { slabBytes } from './mask-slab.js';
import { Packing, packSizes } from './packing.js';
import { hasPerturbed } from './perturb-program.js';

/** A name of a device that has memory of its own. */
export type CardName = Exclude<DeviceName, typeof processor>;

/** Bytes that a training takes of a device with memory of its own, counted from what it has there. */
export interface DeviceMemory {
  /** Weights, both moments and what else is kept of each parameter, in the two sets that take turns. */
  readonly state: number;
  /** One of each trained parameter, its perturbed copy where it has one, and what kernels add their norm up in. */
  readonly gradients: number;
  /** What a run has of packed weights and gradients besides: each parameter's own, taken apart and not yet put together. */
  readonly copies: number;
  /** Dropout masks: a byte an entry, and the factors made of them. */
  readonly masks: number;
  /** What a run computes on the way, at its most; what the provider keeps for later is not in it. */
  readonly activations: number;
  /** The ones and zeros by which the rows that were looked up of a table are added up in it: of the largest. */
  readonly rows: number;
  readonly total: number;
}

/** What is counted apart. */
export type MemoryPart = Exclude<keyof DeviceMemory, 'total'>;

/** What each part is called. */
export const memoryParts: Readonly<Record<MemoryPart, string>> = {
  state: 'weights and moments',
  gradients: 'gradients',
  copies: 'copies of weights and gradients',
  masks: 'dropout masks',
  activations: 'activations',
  rows: 'rows of tables',
};

/** The parts that there are. */
export function partsOf(memory: DeviceMemory): [MemoryPart, number][] {
  return (Object.keys(memoryParts) as MemoryPart[])
    .map((part): [MemoryPart, number] => [part, memory[part]])
    .filter(([, bytes]) => bytes > 0);
}

/** A training program of which is known how large its masks are. */
export type CountedProgram = Pick<TrainingProgram, 'graph' | 'parameters' | 'gradients' | 'tables'> & {
  readonly dropoutSites: readonly { readonly shape: Shape }[];
};

/** What a provider takes of a card besides what is counted. */
interface Besides {
  /** The context, and the kernels that libraries load there. */
  readonly context: number;
  /** What it has reserved, by what is in use, where it may take as much as it sees fit. */
  readonly growth: number;
}

/**
 * Measured on an NVIDIA H200 with driver 580 and CUDA 13, 16 short texts a batch, float16, runs recorded: with
 * DeBERTa-v3-base the process had 6,956 MiB of the card by `nvidia-smi`, where 3,361 MiB were counted, and with MiniLM
 * 1,688 MiB, where 464 were. What both are within is 800 MiB for a context, the libraries' kernels and recordings, and
 * twice what is counted: ONNX Runtime's arenas grow by powers of two, and each session that is recorded has one of its
 * own. With DeBERTa-v3-base and no recordings it was 5,000 MiB. With an update by kernels 5,890 MiB were seen where 4,494
 * were counted, and 1,734 where 792 were. Of WebGPU nothing was measured on a card.
 */
const besides: Readonly<Record<'cuda' | 'webgpu', Besides>> = {
  cuda: { context: 800 * 2 ** 20, growth: 2 },
  webgpu: { context: 0, growth: 1 },
};

const ofFloat = elementBytes.float32;
const setsOfState = 2;
const arraysOfState = 3;
/** A truth value of each row and token, and the same as a number. */
const ofChoice = elementBytes.bool + elementBytes.float32;

/**
 * Counts what a training takes of a device, by the named sizes of a batch.
 *
 * @param extra arrays of each parameter that is trained, besides the usual: its average, the sum of its gradients
 */
export function deviceMemories(
  device: CardName,
  { graph, parameters, gradients, tables, dropoutSites }: CountedProgram,
  extra = 0,
): (sizes: Readonly<Record<string, number>>) => DeviceMemory {
  const run = asRun(device, graph);
  const trained = parameters.filter(({ group }) => group.trained);
  const numbers = numbersOf(trained);
  const still = numbersOf(parameters) - numbers;
  const { packs } = Packing.of({ parameters, graph }, packSizes[kindOf(device)]);
  const packed = numbersOf(
    packs.filter(({ members }) => members.length > 1).flatMap(({ members }) => members),
  );
  const perturbed = numbersOf(packs.filter(hasPerturbed));
  const ofNorm = kindOf(device) === 'cuda' ? bytesOfNorm : 0;
  const held = new Set(gradients.map(({ output }) => output));
  const rowsOf = new Map(parameters.map(({ name, shape }) => [name, shape[0]!]));
  return (sizes) => {
    const counted = {
      state: (numbers * setsOfState * (arraysOfState + extra) + still) * ofFloat,
      gradients: (numbers + perturbed) * ofFloat + ofNorm,
      copies: 2 * packed * ofFloat,
      masks: masksOf(
        device,
        dropoutSites.map(({ shape }) => elements(shape, sizes)),
      ),
      activations: mostLiveBytes(run, sizes, (output) => held.has(output)),
      rows: Math.max(0, ...tables.map(({ name }) => rowsOf.get(name)! * sizes['tokens']! * ofChoice)),
    };
    return { ...counted, total: Object.values(counted).reduce((sum, bytes) => sum + bytes, 0) };
  };
}

/** Of a run: on CUDA they are parts of one tensor, which has room for a larger batch; elsewhere each is its own. */
function masksOf(device: CardName, entries: readonly number[]): number {
  const factors = sumOf(entries) * ofFloat;
  if (device === webGpu) return sumOf(entries) * elementBytes.bool + factors;
  return slabBytes(entries) + factors;
}

/** Counts what a forward run of a graph computes on the way, at its most, by the named sizes of a batch. */
export function activationsOn(
  device: CardName,
  graph: Graph,
): (sizes: Readonly<Record<string, number>>) => number {
  const run = asRun(device, graph);
  return (sizes) => mostLiveBytes(run, sizes, () => false);
}

/** What the card has to have at least for what is counted: an arena that finds no room grows by less. */
export function leastOfCard(device: CardName, { total }: Pick<DeviceMemory, 'total'>): number {
  return total + besides[kindOf(device)].context;
}

/** What is expected to be taken of the card, with what its provider reserves besides. */
export function expectedOfCard(device: CardName, { total }: Pick<DeviceMemory, 'total'>): number {
  const { context, growth } = besides[kindOf(device)];
  return Math.ceil(total * growth) + context;
}

/** The graph in the operators that the device computes. */
function asRun(device: CardName, graph: Graph): Graph {
  const copy = graph.copy();
  if (device === webGpu) useWebGpuOperators(copy);
  else useCudaOperators(copy);
  return copy;
}

function kindOf(device: CardName): keyof typeof besides {
  return device === webGpu ? 'webgpu' : 'cuda';
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}

function numbersOf(parameters: readonly { readonly shape: readonly number[] }[]): number {
  return parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0);
}
