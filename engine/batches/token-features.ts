import type { Value } from '../graph/graph.js';
import * as node from '../graph/nodes.js';
import type { PositionRule } from '../models/family.js';
import { feature, float32, int64 } from './batch-feature.js';
import type { PaddedBatch } from './padded-batch.js';

/** Which rows of its tables each token gets. */
export const tokens = (rule: PositionRule) =>
  feature({
    inputs: {
      tokenIds: int64('tokenIds', 'tokens'),
      positions: int64('positions', 'tokens'),
      tokenTypes: int64('tokenTypes', 'tokens'),
    },
    host: ({ texts, tokens }) => {
      const tokenIds = new BigInt64Array(tokens);
      const positions = new BigInt64Array(tokens);
      let row = 0;
      for (const text of texts) {
        let next = rule.first;
        text.forEach((id) => {
          tokenIds[row] = BigInt(id);
          positions[row++] = BigInt(id === rule.skipped ? rule.first - 1 : next++);
        });
      }
      return { tokenIds, positions, tokenTypes: new BigInt64Array(tokens) };
    },
    exported: (padded) => ({
      tokenIds: padded.flat(padded.ids, ['tokens']),
      positions: exportedPositions(padded, rule),
      tokenTypes: padded.flat(padded.types, ['tokens']),
    }),
  });

function exportedPositions(padded: PaddedBatch, { first, skipped }: PositionRule): Value {
  const { graph: g, ids, place } = padded;
  if (skipped === null) return first === 0 ? place : node.add(g, place, padded.int(first));
  const [isSkipped] = g.node('Equal', [ids, padded.int(skipped)], [{ type: 'bool', shape: ids.shape }]);
  const counts = node.sub(g, padded.int(1), node.cast(g, isSkipped as Value, 'int64'));
  const [counted] = g.node('CumSum', [counts, padded.int(1)], [{ type: 'int64', shape: ids.shape }]);
  const positions = node.add(g, node.mul(g, counted as Value, counts), padded.int(first - 1));
  return padded.flat(positions, ['tokens']);
}

/** Where tokens stand in the padded layout, and back. */
export const slots = feature({
  inputs: {
    slotToken: int64('slotToken', 'slots'),
    tokenSlot: int64('tokenSlot', 'tokens'),
    slotMask: float32('slotMask', 'slots', 1),
  },
  host: ({ texts, groups, tokens, slots }) => {
    const slotToken = new BigInt64Array(slots);
    const tokenSlot = new BigInt64Array(tokens);
    const slotMask = new Float32Array(slots);
    const padded: number[] = [];
    let token = 0;
    let slot = 0;
    for (const { first, batch, length } of groups) {
      for (let text = first; text < first + batch; text++, slot += length) {
        const real = texts[text]?.length ?? 0;
        for (let place = 0; place < real; place++, token++) {
          slotToken[slot + place] = BigInt(token);
          tokenSlot[token] = BigInt(slot + place);
          slotMask[slot + place] = 1;
        }
        for (let place = real; place < length; place++) padded.push(slot + place);
      }
    }
    // No gradient comes back from a padded slot: so none comes to a row that is no text's.
    for (const [row, place] of padded.slice(0, tokens - token).entries())
      tokenSlot[token + row] = BigInt(place);
    return { slotToken, tokenSlot, slotMask };
  },
  exported: ({ everyRow, maskColumn }) => ({
    slotToken: { ...everyRow, shape: ['slots'] },
    tokenSlot: everyRow,
    slotMask: maskColumn,
  }),
});

/** Where texts begin, and whose each token is. */
export const firstTokens = feature({
  inputs: {
    firstToken: int64('firstToken', 'texts'),
    tokenText: int64('tokenText', 'tokens'),
    isFirst: float32('isFirst', 'tokens', 1),
  },
  host: ({ texts, tokens, textRows }) => {
    const firstToken = new BigInt64Array(textRows);
    const tokenText = new BigInt64Array(tokens);
    const isFirst = new Float32Array(tokens);
    let row = 0;
    texts.forEach(({ length }, text) => {
      firstToken[text] = BigInt(row);
      isFirst[row] = 1;
      tokenText.fill(BigInt(text), row, row + length);
      row += length;
    });
    return { firstToken, tokenText, isFirst };
  },
  exported: (padded) => ({
    firstToken: node.mul(padded.graph, padded.range(padded.batchSize, 'texts'), padded.length),
    tokenText: node.div(padded.graph, padded.everyRow, padded.length),
    isFirst: padded.maskColumn,
  }),
});

/** The rows at a distance within a text: for models with a convolution. */
export const neighbours = (distance: number) =>
  feature({
    inputs: {
      index: int64(`neighbour.${distance}`, 'tokens'),
      mask: float32(`neighbourMask.${distance}`, 'tokens', 1),
    },
    host: ({ texts, tokens }) => {
      const index = new BigInt64Array(tokens);
      const mask = new Float32Array(tokens);
      let start = 0;
      for (const { length } of texts) {
        for (let place = 0; place < length; place++) {
          const inside = place + distance >= 0 && place + distance < length;
          index[start + place] = BigInt(inside ? start + place + distance : start + place);
          mask[start + place] = inside ? 1 : 0;
        }
        start += length;
      }
      return { index, mask };
    },
    exported: (padded) => {
      const { graph: g, everyRow, place, length } = padded;
      const target = node.add(g, place, padded.int(distance));
      const kept = node.max(g, node.min(g, target, node.sub(g, length, padded.int(1))), padded.int(0));
      const index = node.add(g, node.sub(g, everyRow, place), kept);
      const [inside] = g.node('Equal', [target, kept], [{ type: 'bool', shape: ['tokens'] }]);
      const present = node.gather(g, padded.flat(node.cast(g, padded.mask, 'float32'), ['tokens']), index);
      const mask = node.mul(g, node.cast(g, inside as Value, 'float32'), present);
      return { index, mask: node.reshape(g, mask, ['tokens', 1]) };
    },
  });
