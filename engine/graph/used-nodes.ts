import type { Graph, Node } from './graph.js';

/** Of nodes in an order in which they can run, those that lead to one of the named outputs. */
export function usedNodes(nodes: readonly Node[], outputs: readonly string[]): Node[] {
  const needed = new Set(outputs);
  const used = [...nodes].reverse().filter((node) => {
    if (!node.outputs.some(({ name }) => needed.has(name))) return false;
    for (const input of node.inputs) if (input !== null) needed.add(input.name);
    return true;
  });
  return used.reverse();
}

/** Leaves out of a graph that is built what leads to no output. Its inputs stay. */
export function prune(graph: Graph): void {
  const outputs = graph.outputs.map(({ value }) => value.name);
  const used = usedNodes(graph.nodes, outputs);
  const taken = new Set([...outputs, ...used.flatMap(({ inputs }) => inputs.map((input) => input?.name))]);
  const needed = graph.initializers.filter(({ value }) => taken.has(value.name));
  graph.keep(used, needed);
}

/** The same nodes in an order in which they can run, each as early as it stands or as what is made of it wants it. */
export function inOrder(nodes: readonly Node[]): Node[] {
  const giverOf = new Map(nodes.flatMap((node) => node.outputs.map(({ name }) => [name, node] as const)));
  const ordered = new Set<Node>();
  const waiting: Node[] = [];
  for (const last of nodes) {
    // Not by recursion: of deep networks as many nodes wait for one another.
    waiting.push(last);
    for (let node = waiting.at(-1); node !== undefined; node = waiting.at(-1)) {
      const givers = node.inputs.flatMap((input) => giverOf.get(input?.name ?? '') ?? []);
      const missing = givers.find((giver) => !ordered.has(giver));
      if (waiting.length > nodes.length) throw new TypeError('nodes wait for one another');
      if (missing !== undefined) waiting.push(missing);
      else ordered.add(waiting.pop()!);
    }
  }
  return [...ordered];
}
