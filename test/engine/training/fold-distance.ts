import { readFileSync } from 'node:fs';
import type { ComputePrecision } from '../../../engine/precision/precision.js';
import type { FoldOutcome } from '../../../engine/training/job.js';

/** What folds are apart by. */
export interface FoldDistance {
  /** Of the training losses, in the epoch where it is largest. */
  readonly loss: number;
  /** Of the probabilities of the rows that were held out, where it is largest. */
  readonly probability: number;
}

interface FoldBounds {
  readonly learningRate: number;
  readonly most: FoldDistance;
}

/**
 * How far 28 steps of a small fold in a precision may be from the processor's in float32, whatever computes them.
 * fold-distance.test.ts holds these bounds against rounding, which is far within, and against faults, which are not.
 * The figures are the largest of both types that were found: on the processor, and on WebGPU by Mesa's driver in
 * software.
 */
export const foldBounds: Readonly<Record<ComputePrecision, FoldBounds>> = {
  // Every result of every node rounded anew: 1.2e-6 and 6.1e-6. WebGPU: 4.5e-7 and 2.3e-6. Products in TF32: 1.6e-5
  // and 2.7e-5 of a bert, 2.3e-3 and 1.3e-2 of a deberta-v2.
  float32: { learningRate: 2e-2, most: { loss: 1e-5, probability: 1e-4 } },
  // At so high a rate float16 parts from float32 sooner or later: 5.4e-3 and 2.5e-2 on the processor, 3.6e-3 and 2e-2 on
  // an H200. At this one: 6.3e-6 and 2.2e-5. WebGPU, which adds up in float16: 7.5e-6 and 3.4e-5.
  float16: { learningRate: 5e-3, most: { loss: 1e-4, probability: 1e-3 } },
  // 6.3e-5 and 9.7e-5.
  bfloat16: { learningRate: 5e-3, most: { loss: 4e-4, probability: 1e-3 } },
};

export function foldDistance(one: FoldOutcome, other: FoldOutcome): FoldDistance {
  if (one.epochs.length !== other.epochs.length) return { loss: Infinity, probability: Infinity };
  const losses = one.epochs.map(({ trainLoss }, epoch) => trainLoss - other.epochs[epoch]!.trainLoss);
  const theirs = probabilitiesOf(other);
  const probabilities = [...probabilitiesOf(one)].map((value, place) => value - theirs[place]!);
  return { loss: farthest(losses), probability: farthest(probabilities) };
}

export function isWithin(distance: FoldDistance, most: FoldDistance): boolean {
  return distance.loss < most.loss && distance.probability < most.probability;
}

const farthest = (differences: readonly number[]): number => Math.max(...differences.map(Math.abs));

const probabilitiesOf = ({ probabilities }: FoldOutcome): Float32Array =>
  new Float32Array(new Uint8Array(readFileSync(probabilities)).buffer);
