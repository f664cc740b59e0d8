import type { Value } from '../../runtime/runtime.js';
import type { AdamwFactors } from '../../optim/adamw.js';
import type { Address } from '../../runtime/native.js';
import { elementCount } from '../../runtime/elements.js';

/** What an update reads and writes of a pack, in the order of kernels/pack.cuh. */
export interface PackArrays {
  readonly gradient: Value;
  readonly weights: Value;
  readonly firstMoment: Value;
  readonly secondMoment: Value;
  /** Where one is kept. */
  readonly average: Value | undefined;
  readonly nextWeights: Value;
  readonly nextFirstMoment: Value;
  readonly nextSecondMoment: Value;
  readonly nextAverage: Value | undefined;
}

/** What a launch is told of one. */
export interface PackOfLaunch {
  readonly arrays: PackArrays;
  readonly factors: AdamwFactors;
}

/** As in kernels/pack.cuh. */
export const packsOfLaunch = 40;
const bytesOfPack = 88;
const order = [
  ...(['gradient', 'weights', 'firstMoment', 'secondMoment', 'average'] as const),
  ...(['nextWeights', 'nextFirstMoment', 'nextSecondMoment', 'nextAverage'] as const),
];

/** Packs as an argument of a launch, which is as long for fewer. */
export function packTable(packs: readonly PackOfLaunch[], addressOf: (value: Value) => Address): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(bytesOfPack * packsOfLaunch));
  const view = new DataView(bytes.buffer);
  for (const [place, { arrays, factors }] of packs.entries()) {
    let at = place * bytesOfPack;
    for (const name of order) {
      const value = arrays[name];
      view.setBigUint64(at, value === undefined ? 0n : addressOf(value), true);
      at += 8;
    }
    view.setBigUint64(at, BigInt(elementCount(arrays.weights.shape)), true);
    view.setFloat32(at + 8, factors.decay, true);
    view.setFloat32(at + 12, factors.minusStep, true);
  }
  return bytes;
}
