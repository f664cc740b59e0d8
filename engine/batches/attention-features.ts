import type { Value } from '../graph/graph.js';
import * as node from '../graph/nodes.js';
import type { RelativePositions } from '../models/family.js';
import { bucketDims, groupDims, MASKED } from '../nn/packing.js';
import { feature, float32 } from './batch-feature.js';
import { groupOf } from './batch-layout.js';
import { usedRows } from './batch-sizes.js';

/** What attention and the mean of a text take of a group of texts. An exported graph has one group. */

/** Scores of padded keys, the same for every head. */
export const keyMask = (group: number, heads: number) => {
  const dims = groupDims(group);
  return feature({
    inputs: { keyMask: float32(`keyMask.${group}`, dims.headBatch, 1, dims.length) },
    host: (layout) => {
      const { first, batch, length } = groupOf(layout, group);
      const keyMask = new Float32Array(heads * batch * length);
      for (let head = 0; head < heads; head++) {
        for (let text = 0; text < batch; text++) {
          const start = (head * batch + text) * length;
          keyMask.fill(MASKED, start + (layout.texts[first + text]?.length ?? 0), start + length);
        }
      }
      return { keyMask };
    },
    exported: (padded) => {
      const { graph: g } = padded;
      const absent = node.sub(g, node.scalar(g, 1), node.cast(g, padded.mask, 'float32'));
      const scores = node.mul(g, absent, node.scalar(g, MASKED)); // [batch, sequence]
      const target = node.concat(g, [padded.int(heads), padded.batchSize, padded.length], 0, 3);
      const [byHead] = g.node(
        'Expand',
        [scores, target],
        [{ type: 'float32', shape: [heads, 'texts', dims.length] }],
      );
      return { keyMask: node.reshape(g, byHead as Value, [dims.headBatch, 1, dims.length]) };
    },
  });
};

/** Scores of keys beyond the window of local attention. @param window tokens on either side */
export const windowMask = (group: number, window: number) => {
  const { length: size } = groupDims(group);
  return feature({
    inputs: { windowMask: float32(`windowMask.${group}`, size, size) },
    host: (layout) => {
      const { length } = groupOf(layout, group);
      const windowMask = new Float32Array(length * length).fill(MASKED);
      for (let query = 0; query < length; query++) {
        const start = query * length;
        windowMask.fill(0, start + Math.max(0, query - window), start + Math.min(length, query + window + 1));
      }
      return { windowMask };
    },
    exported: (padded) => {
      const { graph: g } = padded;
      const place = padded.range(padded.length, size as string);
      const [column, row] = [node.reshape(g, place, [size, 1]), node.reshape(g, place, [1, size])];
      const distance = node.abs(g, node.sub(g, column, row));
      const [beyond] = g.node(
        'Greater',
        [distance, padded.int(window)],
        [{ type: 'bool', shape: [size, size] }],
      );
      const scores = node.mul(g, node.cast(g, beyond as Value, 'float32'), node.scalar(g, MASKED));
      return { windowMask: scores };
    },
  });
};

/** Each token's share in the mean of its text. */
export const share = (group: number) => {
  const dims = groupDims(group);
  return feature({
    inputs: { share: float32(`share.${group}`, dims.batch, 1, dims.length) },
    host: (layout) => {
      const { first, batch, length } = groupOf(layout, group);
      const share = new Float32Array(batch * length);
      layout.texts.slice(first, first + batch).forEach(({ length: real }, text) => {
        share.fill(1 / real, text * length, text * length + real);
      });
      return { share };
    },
    exported: ({ graph: g, mask }) => {
      const present = node.cast(g, mask, 'float32');
      const shares = node.div(g, present, node.reduceSum(g, present, [1], true));
      return { share: node.reshape(g, shares, [dims.batch, 1, dims.length]) };
    },
  });
};

/** Distances up to here have a row of their own in the exported table; beyond, the last one serves. */
const LONGEST = 2048;

/** One-hot rows distance → bucket, of the buckets in use. */
export const spread = (group: number, relative: RelativePositions) => {
  const { window } = groupDims(group);
  const shape = [window, bucketDims.size] as const;
  return feature({
    inputs: {
      descending: float32(`spread.descending.${group}`, ...shape),
      ascending: float32(`spread.ascending.${group}`, ...shape),
    },
    host: (layout) => {
      const { length } = groupOf(layout, group);
      const { from, to } = usedRows(layout, relative);
      const width = to - from;
      const descending = new Float32Array(2 * length * width);
      const ascending = new Float32Array(2 * length * width);
      for (let row = 0; row < 2 * length - 1; row++) {
        descending[row * width + relative.rowOf(length - 1 - row) - from] = 1;
        ascending[row * width + relative.rowOf(row - length + 1) - from] = 1;
      }
      return { descending, ascending };
    },
    exported: (padded) => {
      const { graph: g } = padded;
      const buckets = Array.from({ length: 2 * LONGEST + 1 }, (_, i) => relative.rowOf(i - LONGEST));
      const table = g.constant('int64', [buckets.length], buckets);
      const row = padded.range(g.dim(window), window as string);
      const last = node.sub(g, padded.length, padded.int(1));
      const bucketRows = g.constant(
        'int64',
        [1, relative.rows],
        Array.from({ length: relative.rows }, (_, i) => i),
      );
      const oneHot = (distance: Value): Value => {
        const kept = node.max(g, node.min(g, distance, padded.int(LONGEST)), padded.int(-LONGEST));
        const bucket = node.gather(g, table, node.add(g, kept, padded.int(LONGEST)));
        const column = node.reshape(g, bucket, [window, 1]);
        const [equal] = g.node('Equal', [column, bucketRows], [{ type: 'bool', shape }]);
        return node.cast(g, equal as Value, 'float32');
      };
      return { descending: oneHot(node.sub(g, last, row)), ascending: oneHot(node.sub(g, row, last)) };
    },
  });
};
