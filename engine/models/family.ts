import type { Value } from '../graph/graph.js';
import type { PackedBatch } from '../nn/packing.js';
import type { ModelBuilder } from '../nn/scope.js';

/** What the batches must hold besides tokens for models with relative positions. */
export interface RelativePositions {
  /** Rows of the table of relative embeddings. */
  readonly rows: number;
  /** The table's row for the distance δ = i − j between query i and key j. */
  rowOf(distance: number): number;
}

/** How positions are counted. */
export interface PositionRule {
  /** The position of a text's first token. */
  readonly first: number;
  /**
   * The token, padding, that does not count where it stands in a text itself: it gets `first − 1`, and the
   * next token the next position. Null where every token counts.
   */
  readonly skipped: number | null;
}

/**
 * Token types: an input of the exported model, or all 0 without being asked for, or not of this model.
 */
export type TokenTypes = 'fed' | 'zero' | 'absent';

/** A classifier whose batches hold tokens, their places and nothing else. */
export const plainBatches = {
  positions: { first: 0, skipped: null },
  relativePositions: null,
  window: null,
  averaged: false,
  tokenTypes: 'absent',
  neighbours: [],
} as const satisfies Partial<Classifier>;

/** A sequence classifier of one configuration: everything the training and the export need to know. */
export interface Classifier {
  readonly modelType: string;
  readonly labels: number;
  readonly hiddenSize: number;
  readonly heads: number;
  /** Rows of the word embedding in the checkpoint. */
  readonly vocabulary: number;
  /** Texts may not be longer than this; null where positions are relative only. */
  readonly maxLength: number | null;
  /** Standard deviation of new weights. */
  readonly initializerRange: number;
  /** Name of the word embedding, whose rows that never occur need no training. */
  readonly wordEmbedding: string;
  readonly positions: PositionRule;
  readonly relativePositions: RelativePositions | null;
  readonly tokenTypes: TokenTypes;
  /** Tokens on either side that local attention looks at; null where all attention is global. */
  readonly window: number | null;
  /** Whether the mean of a text is taken. */
  readonly averaged: boolean;
  /** Of texts that are read in windows, pooled; absent where a text is one sequence. */
  readonly windows?: { readonly length: number; readonly overlap: number };
  /** Distances of the neighbouring tokens that a convolution reads. */
  readonly neighbours: readonly number[];
  readonly loading: LoadingRules;
  /** Which parameters may be trained; all where it is absent. */
  readonly trains?: (name: string) => boolean;
  /**
   * Builds logits `[texts, labels]` from a packed batch: those of each draw of the last dropout, one without it.
   * `vocabulary` is the number of rows the word embedding has here, fewer than the checkpoint's where only those
   * that occur are trained.
   */
  build(model: ModelBuilder, batch: PackedBatch, vocabulary: number): readonly Value[];
}

/** How a checkpoint's names meet the model's. */
export interface LoadingRules {
  /** The base model's prefix, which a checkpoint may lack. */
  readonly prefixes: readonly string[];
  /** Tensors that are no part of a classifier and may be there. */
  readonly ballast: readonly RegExp[];
  /** Parameters that are new where a checkpoint lacks them. */
  readonly heads: readonly RegExp[];
  /** The parameters of the head that have a row for each label. */
  readonly labelled: RegExp;
}

/** Buffers of counted positions, which older checkpoints hold among their weights. */
export const indexBuffers: readonly RegExp[] = [/(^|\.)embeddings\.position_ids$/];

/** A family of architectures, by `model_type` of its configuration. */
export interface ModelFamily {
  readonly modelType: string;
  /** `architectures` of an exported classifier. */
  readonly architecture: string;
  /** @throws InputFault where a setting is missing, out of range or not supported */
  classifier(config: Readonly<Record<string, unknown>>, labels: number): Classifier;
  /** The configuration with another pooling; absent where it cannot say one. */
  pooled?(config: Readonly<Record<string, unknown>>, pooling: Pooling): Record<string, unknown>;
}

/** What of a text the head sees. */
export type Pooling = 'first' | 'mean';

/** A family of which networks are made from scratch, too. */
export interface ScratchFamily extends ModelFamily {
  /** The configuration of a small network from scratch. */
  scratchConfig(sizes: ScratchSizes): Record<string, unknown>;
}

export interface ScratchSizes {
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediateSize: number;
  readonly vocabulary: number;
  readonly maxLength: number;
}
