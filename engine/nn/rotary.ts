import type { Value } from '../graph/graph.js';
import * as node from '../graph/nodes.js';
import type { Dim } from '../graph/shape.js';
import { reshape } from '../ops/layout.js';
import { rotary } from '../ops/rotary.js';
import { separateHeads } from './layers.js';
import type { Scope } from './scope.js';

/** Cosines and sines of the angles of every token: `[tokens, 1, headDim/2]`. */
export interface RotaryAngles {
  readonly cos: Value;
  readonly sin: Value;
}

/**
 * Angles m·θᵢ of position m with θᵢ = base^(−2i/headDim) (Su et al. 2021, eq. 15), in float32 as the reference
 * takes them.
 *
 * @param positions int64 `[tokens]`
 */
export function rotaryAngles(scope: Scope, positions: Value, headDim: number, base: number): RotaryAngles {
  const { graph } = scope.tape;
  const tokens = positions.shape[0] as Dim;
  const half = headDim / 2;
  const frequencies = Array.from({ length: half }, (_, i) =>
    Math.fround(1 / Math.fround(base ** Math.fround((2 * i) / headDim))),
  );
  const places = node.reshape(graph, node.cast(graph, positions, 'float32'), [tokens, 1, 1]);
  const angles = node.mul(graph, places, graph.constant('float32', [1, 1, half], frequencies));
  return { cos: node.cos(graph, angles), sin: node.sin(graph, angles) };
}

/** Queries or keys turned by their positions: `[tokens, heads·headDim]` → the same. */
export function rotated(scope: Scope, x: Value, heads: number, angles: RotaryAngles): Value {
  const { tape } = scope;
  const turned = tape.apply(rotary, { x: separateHeads(scope, x, heads), ...angles });
  return tape.apply(reshape, { x: turned }, { shape: x.shape });
}
