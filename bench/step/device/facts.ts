import { processor } from '../../../engine/device/device.js';
import { deviceMemories, type CardName, type DeviceMemory } from '../../../engine/device/resident/memory.js';
import { shapesOfTraining } from '../../../engine/inference/batch-shapes.js';
import { packBatch } from '../../../engine/inference/batch.js';
import type { Classifier } from '../../../engine/models/family.js';
import type { ComputePrecision } from '../../../engine/precision/precision.js';
import { trainingGraph } from '../../../engine/training/graphs.js';
import { bytesOnCard } from './card-memory.js';
import type { Watch, WatchedDevice } from './watched-device.js';

/** What is known of our side's device and of a training on it. */
export class DeviceFacts {
  constructor(
    private readonly watched: WatchedDevice,
    private readonly classifier: Classifier,
    private readonly vocabulary: number,
    private readonly precision: ComputePrecision,
  ) {}

  /** What was seen before steps that are about to begin. */
  begin(): Watch {
    return this.watched.begin();
  }

  /** What was seen since then. */
  since(before: Readonly<Watch>): Partial<Watch> {
    const { compiling, launches, waiting, empty } = this.watched.watch;
    const compiled = { compiling: compiling - before.compiling };
    // A run on the processor is done when it is given: nothing is waited for.
    if (this.watched.device.name === processor) return compiled;
    return {
      ...compiled,
      launches: launches - before.launches,
      waiting: waiting - before.waiting,
      empty: empty - before.empty,
    };
  }

  /** @param batches what it trained on */
  async of(batches: readonly (readonly Int32Array[])[]): Promise<object> {
    const { name, signature, card } = this.watched.device;
    return {
      device: name,
      card: card?.name ?? null,
      driver: card?.driver ?? null,
      signature,
      counted: name === processor ? null : this.counted(name, batches),
      deviceBytes: await bytesOnCard(name),
    };
  }

  /** Of the batch that takes the most. */
  private counted(name: CardName, batches: readonly (readonly Int32Array[])[]): DeviceMemory {
    const { classifier, vocabulary, precision } = this;
    const shapes = shapesOfTraining(this.watched.device, classifier) ?? 2;
    const needs = batches.map((texts) => {
      const { groups, sizes } = packBatch(texts, classifier, shapes);
      const usual = { dropout: true, loss: 'binaryCrossEntropy' } as const;
      const options = { ...usual, groups: groups.length, vocabulary, precision };
      return deviceMemories(name, trainingGraph(classifier, options))(sizes);
    });
    return needs.reduce((most, need) => (need.total > most.total ? need : most));
  }
}
