import { webGpu, type DeviceName } from '../../../engine/device/device.js';
import { Packing, packSizes } from '../../../engine/device/resident/packing.js';
import { elementBytes } from '../../../engine/graph/dtype.js';
import { mostLiveBytes } from '../../../engine/graph/live-bytes.js';
import { elements } from '../../../engine/graph/product-operations.js';
import { useWebGpuOperators } from '../../../engine/graph/webgpu-operators.js';
import type { TrainingGraph } from '../../../engine/training/graphs.js';

/** Bytes that a training takes of a device with memory of its own, counted from what it has there. */
export interface DeviceMemory {
  /** Weights and both moments, in the two sets that take turns. */
  readonly state: number;
  /** One of each trained parameter. */
  readonly gradients: number;
  /** What a run has of packed weights and gradients besides: each parameter's own, taken apart and not yet put together. */
  readonly copies: number;
  /** Dropout masks: bytes of this run's and the next one's, which the host draws, and the factors that are made of them. */
  readonly masks: number;
  /** What a run computes on the way, at its most; what the provider keeps for later is not in it. */
  readonly activations: number;
  /** The ones and zeros by which the rows that were looked up of a table are added up in it: of the largest. */
  readonly rows: number;
  readonly total: number;
}

const ofFloat = elementBytes.float32;
/** Of an entry of a mask. */
const ofMask = 2 * elementBytes.bool + elementBytes.float32;
const setsOfState = 2;
const arraysOfState = 3;
/** A truth value of each row and token, and the same as a number. */
const ofChoice = elementBytes.bool + elementBytes.float32;

/** @param sizes of the named dimensions, as a batch has them */
export function deviceMemory(
  device: DeviceName,
  { graph, parameters, gradients, tables, dropoutSites }: TrainingGraph,
  sizes: Readonly<Record<string, number>>,
): DeviceMemory {
  const copy = graph.copy();
  if (device === webGpu) useWebGpuOperators(copy);
  const count = (shape: TrainingGraph['parameters'][number]['shape']): number => elements(shape, sizes);
  const trained = parameters.filter(({ group }) => group.trained);
  const numbers = trained.reduce((sum, { shape }) => sum + count(shape), 0);
  const still = parameters
    .filter(({ group }) => !group.trained)
    .reduce((sum, { shape }) => sum + count(shape), 0);
  const packed = new Packing(trained, packSizes[device === webGpu ? 'webgpu' : 'cuda']).packs
    .filter(({ members }) => members.length > 1)
    .flatMap(({ members }) => members)
    .reduce((sum, { shape }) => sum + count(shape), 0);
  const held = new Set(gradients.map(({ output }) => output));
  const rowsOf = new Map(parameters.map(({ name, shape }) => [name, shape[0] as number]));
  const counted = {
    state: (numbers * setsOfState * arraysOfState + still) * ofFloat,
    gradients: numbers * ofFloat,
    copies: 2 * packed * ofFloat,
    masks: dropoutSites.reduce((sum, { shape }) => sum + elements(shape, sizes) * ofMask, 0),
    activations: mostLiveBytes(copy, sizes, (output) => held.has(output)),
    rows: Math.max(0, ...tables.map(({ name }) => rowsOf.get(name)! * sizes['tokens']! * ofChoice)),
  };
  return { ...counted, total: Object.values(counted).reduce((sum, bytes) => sum + bytes, 0) };
}
