import type { Value } from '../graph/graph.js';
import { add } from '../ops/arithmetic.js';
import { matMul } from '../ops/products.js';
import type { LayerPart } from './dropout-sites.js';
import type { AdapterSettings, Scope } from './scope.js';

/** Low-rank adapters: what they are is in scope.ts, `AdapterSettings`. */

const parts = { down: 'lora_A', up: 'lora_B' } as const;

/**
 * Adds to a linear layer's result what its adapter gives, where it has one.
 *
 * @param part which of its layer's it is @throws TypeError where it has an adapter and is none of the known parts
 */
export function withAdapter(
  scope: Scope,
  x: Value,
  y: Value,
  { inputs, outputs, part }: { inputs: number; outputs: number; part: LayerPart | undefined },
): Value {
  const settings = scope.adapter;
  if (settings === null) return y;
  if (part === undefined) throw new TypeError('a linear layer with an adapter does not say which part it is');
  const { rank, dropout } = settings;
  const down = scope.child(parts.down).parameter('weight', [rank, inputs], 'uniform', 'weight');
  const up = scope.child(parts.up).parameter('weight', [outputs, rank], 'zeros', 'weight');
  const product = { transposeB: true, alpha: 1 };
  const dropped = scope.dropout(x, dropout, `${part}.adapter`);
  const narrow = scope.tape.apply(matMul, { a: dropped, b: down }, product);
  const wide = scope.tape.apply(matMul, { a: narrow, b: up }, { ...product, alpha: scaleOf(settings) });
  return scope.tape.apply(add, { a: y, b: wide });
}

export function scaleOf({ rank, alpha }: Pick<AdapterSettings, 'rank' | 'alpha'>): number {
  return alpha / rank;
}

/** Whether a parameter is an adapter's. */
export function isAdapter(name: string): boolean {
  return Object.values(parts).some((part) => name.endsWith(`.${part}.weight`));
}

/** The names of A and B of the linear layer with that weight, if it has an adapter. */
export function adapterOf(weight: string): { readonly down: string; readonly up: string } {
  const layer = weight.slice(0, -'weight'.length);
  return { down: `${layer}${parts.down}.weight`, up: `${layer}${parts.up}.weight` };
}

/**
 * W + scale·B·A, each entry rounded to float32 once.
 *
 * @param weight `[out, in]` @param down `[rank, in]` @param up `[out, rank]`
 */
export function merged(
  weight: Float32Array,
  { down, up }: { readonly down: Float32Array; readonly up: Float32Array },
  { rank, scale }: { readonly rank: number; readonly scale: number },
): Float32Array {
  const outputs = up.length / rank;
  const inputs = down.length / rank;
  const result = new Float32Array(weight.length);
  const row = new Float64Array(inputs);
  for (let output = 0; output < outputs; output++) {
    row.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = up[output * rank + r]! * scale;
      for (let input = 0; input < inputs; input++) row[input]! += factor * down[r * inputs + input]!;
    }
    for (let input = 0; input < inputs; input++) {
      const place = output * inputs + input;
      result[place] = weight[place]! + row[input]!;
    }
  }
  return result;
}
