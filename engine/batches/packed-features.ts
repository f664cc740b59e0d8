import type { Classifier } from '../models/family.js';
import { groupDims, type PackedBatch } from '../nn/packing.js';
import { keyMask, share, spread, windowMask } from './attention-features.js';
import type { BatchFeature, Form } from './batch-feature.js';
import type { BatchLayout } from './batch-layout.js';
import { hostSizes, type SizedModel } from './batch-sizes.js';
import { firstTokens, neighbours, slots, tokens } from './token-features.js';

/** What of a model decides what it takes of its batches. */
export type PackedModel = SizedModel & Pick<Classifier, 'positions' | 'window' | 'averaged' | 'neighbours'>;

/** Everything that a model takes of a packed batch of so many groups, in the order of a graph's inputs. */
function featuresOf(model: PackedModel, groups: number) {
  const { positions, heads, window, averaged, relativePositions } = model;
  return {
    tokens: tokens(positions),
    slots,
    firstTokens,
    groups: Array.from({ length: groups }, (_, group) => ({
      keyMask: keyMask(group, heads),
      windowMask: window === null ? null : windowMask(group, window),
      share: averaged ? share(group) : null,
      spread: relativePositions === null ? null : spread(group, relativePositions),
    })),
    neighbours: model.neighbours.map((distance) => ({ distance, rows: neighbours(distance) })),
  };
}

/** The packed batch in one form: declared, or computed of padded inputs. */
export function packedBatch(form: Form, model: PackedModel, groups: number): PackedBatch {
  const features = featuresOf(model, groups);
  return {
    ...form(features.tokens),
    ...form(features.slots),
    ...form(features.firstTokens),
    groups: features.groups.map((of, group) => ({
      dims: groupDims(group),
      ...form(of.keyMask),
      windowMask: of.windowMask && form(of.windowMask).windowMask,
      share: of.share && form(of.share).share,
      spread: of.spread && form(of.spread),
    })),
    neighbours: new Map(features.neighbours.map(({ distance, rows }) => [distance, form(rows)])),
  };
}

/** A graph input as the host feeds it. */
export interface Feed {
  readonly type: 'int64' | 'float32';
  readonly shape: readonly number[];
  readonly data: BigInt64Array | Float32Array;
}

/** A batch as the host feeds it to a graph that declares it: its arrays by the names of inputs, and its named sizes. */
export function hostBatch(
  layout: BatchLayout,
  model: PackedModel,
): { readonly sizes: Record<string, number>; readonly feeds: Record<string, Feed> } {
  const sizes = hostSizes(layout, model);
  const feeds: Record<string, Feed> = {};
  const feed = ({ inputs, host }: BatchFeature): void => {
    const arrays = host(layout);
    for (const [part, { name, type, shape }] of Object.entries(inputs)) {
      const data = arrays[part];
      if (data === undefined) throw new RangeError(`the host makes nothing of '${name}'`);
      feeds[name] = { type, shape: shape.map((dim) => sizeOf(sizes, dim)), data };
    }
  };
  const { groups, neighbours, ...whole } = featuresOf(model, layout.groups.length);
  const ofGroups = groups.flatMap((of): (BatchFeature | null)[] => Object.values(of));
  const all: readonly (BatchFeature | null)[] = [
    ...Object.values(whole),
    ...ofGroups,
    ...neighbours.map(({ rows }) => rows),
  ];
  for (const each of all) if (each !== null) feed(each);
  return { sizes, feeds };
}

function sizeOf(sizes: Readonly<Record<string, number>>, dim: string | number): number {
  const size = typeof dim === 'number' ? dim : sizes[dim];
  if (size === undefined) throw new RangeError(`the batch has no size '${dim}'`);
  return size;
}
