import { Fault } from '../../errors/fault.js';
import type { TrainingOptions } from '../../pipeline/training.js';
import { DeviceFault, RuntimeFault } from '../runtime/fault.js';
import type { Classifier } from '../models/family.js';
import {
  bytesOfNeed,
  checkMemory,
  gigabytes,
  mostTextsThatFit,
  type LargestBatch,
  type MemoryOptions,
  type TrainedArrays,
} from './memory-need.js';

/** What is asked for: so many texts at once, or as many as fit. */
export type MicroBatch = TrainingOptions['microBatch'];

/**
 * How many texts of a batch pass at once: all of them, or where a step would not fit, fewer, in passes of about
 * the same size. What fits is counted, so that it is the same on any machine of enough memory.
 *
 * @param batch the largest @throws InputFault where not even one text fits, or not as many as are asked for
 */
export function textsOfPass(
  classifier: Classifier,
  batch: LargestBatch,
  microBatch: MicroBatch,
  options: MemoryOptions = {},
): number {
  if (microBatch !== 'auto') {
    const texts = Math.min(microBatch, batch.texts);
    checkMemory(classifier, { ...batch, texts }, { ...options, setting: 'training.microBatch' });
    return texts;
  }
  const most = mostTextsThatFit(classifier, batch, options);
  if (most > 0) return evenly(batch.texts, most);
  checkMemory(classifier, { ...batch, texts: 1 }, { ...options, setting: 'model.maxLength' });
  return 1;
}

/** The size of passes that are at most so large, and as alike as can be. */
export function evenly(texts: number, most: number): number {
  return Math.ceil(texts / Math.ceil(texts / most));
}

/** What to say of a batch that passes in parts; nothing where it passes whole. */
export function splitWarning(batchSize: number, texts: number): string[] {
  if (texts >= batchSize) return [];
  return [
    `a batch of ${batchSize} texts does not fit the memory: it passes in micro-batches of ${texts}, whose gradients are added up (training.microBatch)`,
  ];
}

/** The memory was not enough for a step, although it had been counted on. Fewer texts at once may fit. */
export class OutOfMemoryFault extends Fault {}

/** What a failure for want of memory is told as; any other stays as it is. */
export function asOutOfMemory(
  error: unknown,
  classifier: Classifier,
  batch: LargestBatch,
  arrays: TrainedArrays = {},
): unknown {
  if (!isAllocationFailure(error)) return error;
  const onCard = error instanceof DeviceFault;
  const need = bytesOfNeed(classifier, batch, arrays);
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
