import type { Graph, Value } from './graph.js';
import { elementBytes } from './dtype.js';
import { elements } from './product-operations.js';

/**
 * The most bytes of values that are there at once while a graph runs in the order of its nodes, each from the
 * node that gives it to the last that takes it. Inputs, weights and outputs that the host holds are not counted,
 * nor what the runtime keeps for later.
 *
 * @param sizes of the named dimensions
 * @param isHeld whether the host has given an output its place
 */
export function mostLiveBytes(
  graph: Pick<Graph, 'nodes' | 'outputs'>,
  sizes: Readonly<Record<string, number>>,
  isHeld: (output: string) => boolean,
): number {
  const lastUse = new Map<string, number>();
  graph.nodes.forEach(({ inputs }, place) => {
    for (const input of inputs) if (input !== null) lastUse.set(input.name, place);
  });
  const held = new Set<string>();
  for (const { name, value } of graph.outputs) {
    if (isHeld(name)) held.add(value.name);
    else lastUse.set(value.name, graph.nodes.length);
  }
  const ending = new Map<number, Value[]>();
  let [live, most] = [0, 0];
  graph.nodes.forEach(({ outputs }, place) => {
    for (const output of outputs) {
      if (held.has(output.name)) continue;
      const last = lastUse.get(output.name) ?? place;
      ending.set(last, [...(ending.get(last) ?? []), output]);
      live += bytesOf(output, sizes);
    }
    most = Math.max(most, live);
    for (const value of ending.get(place) ?? []) live -= bytesOf(value, sizes);
    ending.delete(place);
  });
  return most;
}

function bytesOf({ type, shape }: Value, sizes: Readonly<Record<string, number>>): number {
  return elements(shape, sizes) * elementBytes[type];
}
