import type { Graph, Node, Value } from './graph.js';
import { usedNodes } from './used-nodes.js';

/** Of a graph as it is now: which node gives a value, and which that lead to an output take it. */
export class Takers {
  private readonly givers = new Map<string, Node>();
  private readonly takers = new Map<string, Node[]>();
  private readonly outputs: ReadonlySet<string>;

  constructor({ nodes, outputs }: Pick<Graph, 'nodes' | 'outputs'>) {
    this.outputs = new Set(outputs.map(({ value }) => value.name));
    for (const node of nodes) for (const { name } of node.outputs) this.givers.set(name, node);
    for (const node of usedNodes(nodes, [...this.outputs])) {
      for (const name of new Set(node.inputs.flatMap((value) => value?.name ?? [])))
        this.takers.set(name, [...(this.takers.get(name) ?? []), node]);
    }
  }

  /** Undefined of inputs and constants. */
  giverOf(value: Value | null | undefined): Node | undefined {
    return this.givers.get(value?.name ?? '');
  }

  /** Null where it is an output of the graph, too. */
  of({ name }: Value): readonly Node[] | null {
    return this.outputs.has(name) ? null : (this.takers.get(name) ?? []);
  }

  /** The node that alone takes a value; undefined where there are others, or it is an output. */
  onlyOf(value: Value): Node | undefined {
    const takers = this.of(value);
    return takers?.length === 1 ? takers[0] : undefined;
  }
}
