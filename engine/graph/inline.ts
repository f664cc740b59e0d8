import type { Graph, Value } from './graph.js';

/**
 * Makes a graph a part of another one.
 *
 * @param prefix of the names of all that it brings, so that two parts do not meet
 * @param inputs what is given for each of its inputs
 * @returns its outputs by name, as values of the other graph
 */
export function inline(
  graph: Graph,
  part: Pick<Graph, 'nodes' | 'inputs' | 'outputs' | 'initializers'>,
  prefix: string,
  inputs: Readonly<Record<string, Value>>,
): Record<string, Value> {
  for (const { name } of part.inputs)
    if (!Object.hasOwn(inputs, name)) throw new TypeError(`nothing is given for the input '${name}'`);
  const isInput = new Set(part.inputs.map(({ name }) => name));
  const named = (value: Value): Value =>
    isInput.has(value.name) ? inputs[value.name]! : { ...value, name: `${prefix}${value.name}` };
  for (const initializer of part.initializers)
    graph.initializers.push({ ...initializer, value: named(initializer.value) });
  for (const node of part.nodes) {
    graph.nodes.push({
      ...node,
      inputs: node.inputs.map((input) => (input === null ? null : named(input))),
      outputs: node.outputs.map(named),
    });
  }
  return Object.fromEntries(part.outputs.map(({ name, value }) => [name, named(value)]));
}
