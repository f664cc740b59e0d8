import type { ScratchSizes } from '../../engine/models/family.js';

/** A network whose training step is compared, and how much faster ours is meant to be. */
export interface Network {
  readonly name: NetworkName;
  readonly type: 'bert' | 'deberta-v2';
  readonly sizes: ScratchSizes;
  /** PyTorch's seconds by ours. */
  readonly targets: { readonly padded128: number; readonly longest: number };
}

/** `tiny` is there to try the benchmark. */
export const networkNames = ['deberta-v3-base', 'minilm', 'tiny'] as const;

/** What is measured where nobody names a network. */
export const usualNetworks = ['deberta-v3-base', 'minilm'] as const;

export type NetworkName = (typeof networkNames)[number];

/** Of our useful floating point operations a second, in the machine's measured peak. */
export const peakShareTarget = 0.75;

export const networks: Readonly<Record<NetworkName, Network>> = {
  // microsoft/deberta-v3-base
  'deberta-v3-base': {
    name: 'deberta-v3-base',
    type: 'deberta-v2',
    sizes: {
      hiddenSize: 768,
      layers: 12,
      heads: 12,
      intermediateSize: 3072,
      vocabulary: 128_100,
      maxLength: 512,
    },
    targets: { padded128: 8, longest: 3 },
  },
  // sentence-transformers/all-MiniLM-L6-v2
  minilm: {
    name: 'minilm',
    type: 'bert',
    sizes: {
      hiddenSize: 384,
      layers: 6,
      heads: 12,
      intermediateSize: 1536,
      vocabulary: 30_522,
      maxLength: 512,
    },
    targets: { padded128: 4, longest: 1.3 },
  },
  tiny: {
    name: 'tiny',
    type: 'bert',
    sizes: {
      hiddenSize: 32,
      layers: 2,
      heads: 2,
      intermediateSize: 64,
      vocabulary: 30_522,
      maxLength: 128,
    },
    targets: { padded128: 1, longest: 1 },
  },
};
