import { sizeOfInput, taking, type Graph, type Value } from './graph.js';

/** The input that is a named size as a number, float32 `[1]`. */
export function sizeNumber(dim: string): string {
  return `number:${dim}`;
}

/**
 * Lets the host feed the named sizes that a graph computes with as numbers, too: cast from the named size, they would be
 * the processor's, and each be copied to the device in the middle of a run.
 *
 * @returns those sizes
 */
export function feedSizesAsNumbers(graph: Graph): readonly string[] {
  const numbers = new Map<string, Value>();
  const dims = new Map<string, Value>();
  const kept = graph.nodes.splice(0).filter(({ op, inputs, outputs }) => {
    const [dim, to] = [sizeOfInput(inputs[0]?.name ?? ''), outputs[0]!];
    if (op !== 'Cast' || to.type !== 'float32' || dim === null) return true;
    const number = dims.get(dim) ?? graph.input(sizeNumber(dim), 'float32', [1]);
    dims.set(dim, number);
    numbers.set(to.name, number);
    return false;
  });
  graph.nodes.push(...kept.map((node) => taking(node, numbers)));
  const outputs = graph.outputs.map(({ name, value }) => ({ name, value: numbers.get(value.name) ?? value }));
  graph.outputs.splice(0, outputs.length, ...outputs);
  return [...dims.keys()];
}
