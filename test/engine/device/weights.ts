import type { Device } from '../../../engine/device/device.js';
import type { StateEntry, TrainingState } from '../../../engine/device/training-state.js';
import { parametersOf } from '../../../engine/inference/parameters.js';
import type { Classifier } from '../../../engine/models/family.js';
import type { Tensor } from '../../../engine/runtime/runtime.js';
import type { Trainer } from '../../../engine/training/trainer.js';

type Weights = Iterable<readonly [string, Float32Array]>;

export async function writeWeights({ state }: Trainer, weights: Weights): Promise<void> {
  for (const [name, data] of weights) await state.write('weights', name, data);
}

export const nameOf = ({ array, parameter }: Pick<StateEntry, 'array' | 'parameter'>): string =>
  `${array}/${parameter}`;

/** Copies of all that steps move, by `nameOf`. */
export async function contentOf(state: TrainingState): Promise<Map<string, Float32Array>> {
  const content = new Map<string, Float32Array>();
  for (const { array, parameter } of state.entries)
    content.set(nameOf({ array, parameter }), (await state.read(array, parameter)).slice());
  return content;
}

export async function writeContent(
  state: TrainingState,
  content: ReadonlyMap<string, Float32Array>,
): Promise<void> {
  for (const { array, parameter } of state.entries)
    await state.write(array, parameter, content.get(nameOf({ array, parameter }))!);
}

/** Copies of all weights, by name. */
export async function weightsOf({ parameters, state }: Trainer): Promise<Map<string, Float32Array>> {
  const weights = new Map<string, Float32Array>();
  for (const { name } of parameters) weights.set(name, (await state.read('weights', name)).slice());
  return weights;
}

/** The same of the weights that are judged. */
export async function judgedOf(trainer: Trainer): Promise<Map<string, Float32Array>> {
  const judged = new Map<string, Float32Array>();
  for (const { name } of trainer.parameters)
    judged.set(name, (await trainer.state.read(trainer.judged(name), name)).slice());
  return judged;
}

/** Weights as a forward run is fed them; the tensors live as long as the process. */
export function fed(
  device: Device,
  classifier: Classifier,
  weights: (name: string) => Float32Array,
): (name: string) => Tensor {
  const shapes = new Map(parametersOf(classifier).map(({ name, shape }) => [name, shape]));
  const tensors = new Map<string, Tensor>();
  return (name) => {
    const tensor = tensors.get(name) ?? device.tensor('float32', shapes.get(name) ?? [], weights(name));
    tensors.set(name, tensor);
    return tensor;
  };
}
