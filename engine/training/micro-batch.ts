import { Fault } from '../../errors/fault.js';
import type { TrainingOptions } from '../../pipeline/training.js';
import { leastOfCard } from '../device/resident/memory.js';
import { DeviceFault, RuntimeFault } from '../runtime/fault.js';
import type { Classifier } from '../models/family.js';
import { cardNeeds, checkCard, type CardArrays, type TrainedCard } from './card-need.js';
import type { LargestBatch } from './counted-graph.js';
import { gigabytes } from '../device/gigabytes.js';
import { bytesOfNeed, checkMemory, mostTextsThatFit, type MemoryOptions } from './memory-need.js';

/** What is asked for: so many texts at once, or as many as fit. */
export type MicroBatch = TrainingOptions['microBatch'];

/**
 * How many texts of a batch pass at once: all of them, or where a step would not fit, fewer, in passes of about
 * the same size. What fits is counted, so that it is the same on any machine, or card, of enough memory.
 *
 * @param batch the largest @throws InputFault where not even one text fits, or not as many as are asked for
 */
export function textsOfPass(
  classifier: Classifier,
  batch: LargestBatch,
  microBatch: MicroBatch,
  options: MemoryOptions = {},
): number {
  const { card = null } = options;
  const check = (texts: number, setting: string): void => {
    checkMemory(classifier, { ...batch, texts }, { ...options, setting });
    if (card !== null) checkCard(classifier, { ...batch, texts }, card, { ...options, setting });
  };
  if (microBatch !== 'auto') {
    const texts = Math.min(microBatch, batch.texts);
    check(texts, 'training.microBatch');
    return texts;
  }
  const most = mostTextsThatFit(classifier, batch, options);
  if (most > 0) return evenly(batch.texts, most);
  check(1, 'model.maxLength');
  return 1;
}

/** The size of passes that are at most so large, and as alike as can be. */
export function evenly(texts: number, most: number): number {
  return Math.ceil(texts / Math.ceil(texts / most));
}

/** What to say of a batch that passes in parts; nothing where it passes whole. @param card that it is trained on */
export function splitWarning(
  batchSize: number,
  texts: number,
  card: Pick<TrainedCard, 'device'> | null = null,
): string[] {
  if (texts >= batchSize) return [];
  const memory = card === null ? 'the memory' : `the memory of ${card.device}`;
  return [
    `a batch of ${batchSize} texts does not fit ${memory}: it passes in micro-batches of ${texts}, whose gradients are added up (training.microBatch)`,
  ];
}

/** The memory was not enough for a step, although it had been counted on. Fewer texts at once may fit. */
export class OutOfMemoryFault extends Fault {}

/** What a failure for want of memory is told as; any other stays as it is. @param card that was trained on */
export function asOutOfMemory(
  error: unknown,
  classifier: Classifier,
  batch: LargestBatch,
  arrays: CardArrays = {},
  card: TrainedCard | null = null,
): unknown {
  if (!isAllocationFailure(error)) return error;
  const onCard = error instanceof DeviceFault;
  const need =
    card === null || !onCard
      ? bytesOfNeed(classifier, batch, arrays)
      : leastOfCard(card.device, cardNeeds(classifier, card, arrays)(batch));
  const others = onCard ? 'end what else uses the card' : 'train fewer folds at once (--slots)';
  const sparing = arrays.checkpointing === true ? '' : ' Or set training.gradientCheckpointing: true.';
  return new OutOfMemoryFault(
    {
      where: 'training.microBatch',
      what: `the memory${onCard ? ' of the device' : ''} was not enough for a training step`,
      found: `about ${gigabytes(need)} for ${batch.texts === 1 ? 'one text' : `${batch.texts} texts`} of ${batch.length} tokens`,
      remedy:
        batch.texts === 1
          ? `Lower model.maxLength, use a smaller model or ${onCard ? 'a card' : 'a machine'} with more memory, or ${others}.${sparing}`
          : `Set training.microBatch to ${Math.ceil(batch.texts / 2)} or less, or ${others}.${sparing}`,
    },
    // What else has memory of a card may give it back.
    { retryable: onCard, cause: error },
  );
}

/** Whether a device failed: what it holds is void, and it may answer no more. */
export function isOfDevice(error: unknown): boolean {
  return (
    error instanceof DeviceFault || (error instanceof OutOfMemoryFault && error.cause instanceof DeviceFault)
  );
}

/** As devices, ONNX Runtime and the C++ library say it, and as V8 does of memories. */
function isAllocationFailure(error: unknown): boolean {
  if (error instanceof DeviceFault) return error.kind === 'memory';
  if (error instanceof RuntimeFault) {
    return /bad_alloc|bad allocation|failed to allocate|smaller than requested|not enough memory|out of memory/i.test(
      error.message,
    );
  }
  return error instanceof RangeError && /could not allocate memory|allocation failed/i.test(error.message);
}
