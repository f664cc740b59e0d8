import { sizeOfInput, type Graph } from './graph.js';

/**
 * Names of the nodes that compute sizes: from named sizes, from the shape of a value and from constants alone. They
 * belong on the processor, wherever the graph runs: what takes a size wants it there.
 *
 * @param elsewhere operators that are not there whatever they take
 */
export function sizeNodes(
  { nodes, inputs, initializers }: Graph,
  elsewhere: ReadonlySet<string> = new Set(),
): ReadonlySet<string> {
  const sizes = new Set([
    ...inputs.filter(({ name }) => sizeOfInput(name) !== null).map(({ name }) => name),
    ...initializers.map(({ value }) => value.name),
  ]);
  const named = new Set<string>();
  for (const { op, inputs: taken, outputs } of nodes) {
    if (elsewhere.has(op)) continue;
    if (op !== 'Shape' && !taken.every((value) => value === null || sizes.has(value.name))) continue;
    for (const { name } of outputs) sizes.add(name);
    named.add(outputs[0]!.name);
  }
  return named;
}
