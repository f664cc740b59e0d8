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
export function prune({ nodes, initializers, outputs }: Graph): void {
  const used = usedNodes(
    nodes,
    outputs.map(({ value }) => value.name),
  );
  const taken = new Set(used.flatMap(({ inputs }) => inputs.map((input) => input?.name)));
  nodes.splice(0, nodes.length, ...used);
  const needed = initializers.filter(({ value }) => taken.has(value.name));
  initializers.splice(0, initializers.length, ...needed);
}

/** The same nodes in an order in which they can run, each as early as it stands or as what is made of it wants it. */
export function inOrder(nodes: readonly Node[]): Node[] {
  const giverOf = new Map(nodes.flatMap((node) => node.outputs.map(({ name }) => [name, node] as const)));
  const ordered = new Set<Node>();
  const place = (node: Node): void => {
    if (ordered.has(node)) return;
    for (const input of node.inputs) {
      const giver = giverOf.get(input?.name ?? '');
      if (giver !== undefined) place(giver);
    }
    ordered.add(node);
  };
  for (const node of nodes) place(node);
  return [...ordered];
}
