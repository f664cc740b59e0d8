import type { PhiloxKey } from '../kernels/philox.js';
import type { Classifier } from '../models/family.js';
import { adapterOf, isAdapter, merged, scaleOf } from '../nn/low-rank.js';
import type { AdapterSettings } from '../nn/scope.js';
import { newWeights } from './new-weights.js';
import type { Trainer } from './trainer.js';

/** Low-rank adapters as they are asked for. */
export type Adapters = Omit<AdapterSettings, 'from'>;

/**
 * The classifier with adapters, of which these and the head alone are trained (peft's `modules_to_save`).
 *
 * @param freezeLayers the lowest layers, which get none; null: all get them
 */
export function adapted(
  classifier: Classifier,
  adapters: Adapters | null,
  freezeLayers: number | null,
): Classifier {
  if (adapters === null) return classifier;
  return {
    ...classifier,
    trains: (name) => isAdapter(name) || classifier.loading.heads.some((head) => head.test(name)),
    build(model, batch, vocabulary) {
      model.adapters = { ...adapters, from: freezeLayers ?? 0 };
      return classifier.build(model, batch, vocabulary);
    },
  };
}

/** Adapters before the first step: A uniform, B zero, so that they change nothing yet. */
export function newAdapters(
  { parameters }: Pick<Trainer, 'parameters'>,
  key: PhiloxKey,
): Map<string, Float32Array> {
  const adapters = parameters.filter(({ name }) => isAdapter(name));
  const begun = newWeights('adapter', adapters, 0, key);
  return new Map(adapters.map(({ name }) => [name, begun(name)]));
}

/** A parameter of the model, and how its weights are got. */
export interface MergedParameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly weights: () => Promise<Float32Array>;
}

/** The model's parameters with their weights as they are now, adapters merged into the layers that have them. */
export function mergedParameters(
  { parameters, state }: Pick<Trainer, 'parameters' | 'state'>,
  adapters: Adapters | null,
): MergedParameter[] {
  const names = new Set(parameters.map(({ name }) => name));
  const read = (name: string): Promise<Float32Array> => state.read('weights', name);
  return parameters
    .filter(({ name }) => !isAdapter(name))
    .map(({ name, shape }) => {
      const { down, up } = adapterOf(name);
      if (adapters === null || !names.has(down)) return { name, shape, weights: () => read(name) };
      const scaling = { rank: adapters.rank, scale: scaleOf(adapters) };
      const weights = async (): Promise<Float32Array> =>
        merged(await read(name), { down: await read(down), up: await read(up) }, scaling);
      return { name, shape, weights };
    });
}
