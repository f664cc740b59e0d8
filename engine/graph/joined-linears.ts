import { taking, type Graph, type Node, type Value } from './graph.js';
import * as node from './nodes.js';
import { addendFactorOf, factorOf, isGradient, isLinear } from './products.js';
import type { Dim } from './shape.js';
import { Takers } from './takers.js';
import { inOrder } from './used-nodes.js';

/** Fewer are left as they are: putting their weights together and taking their gradients apart are nodes, too. */
const fewest = 3;

/**
 * Writes linear layers of one shape that read the same value, as query, key and value do, as one whose weight is
 * theirs one below the other, forward and backward.
 */
export function joinLinears(graph: Graph): void {
  const joiner = new Joiner(graph);
  const former = [...graph.nodes];
  graph.nodes.length = 0;
  for (const linears of siblings(former)) joiner.join(linears);
  const { same, replaced } = joiner;
  const current = (value: Value): Value => {
    const other = same.get(value.name);
    return other === undefined ? value : current(other);
  };
  const resolved = new Map([...same].map(([name, value]) => [name, current(value)]));
  const all = [...graph.nodes, ...former.map((each) => replaced.get(each) ?? each)];
  graph.nodes.splice(0, graph.nodes.length, ...inOrder(all.map((each) => taking(each, resolved))));
}

/** Names of the weights that are put together, and of the biases. */
export function joinedParameters({ nodes, inputs }: Graph): readonly (readonly string[])[] {
  const takers = new Takers({ nodes, outputs: [] });
  const names = new Set(inputs.map(({ name }) => name));
  const nameOf = (value: Value): string => {
    const given = takers.giverOf(value);
    return given?.op === 'Cast' ? given.inputs[0]!.name : value.name;
  };
  return siblings(nodes)
    .flatMap((linears) => [1, 2].map((place) => linears.map(({ inputs }) => nameOf(inputs[place]!))))
    .filter((joined) => joined.every((name) => names.has(name)));
}

/** Several of y = x·Wᵀ + b, by x and the shape of W. */
function siblings(nodes: readonly Node[]): Node[][] {
  const linears = new Map<string, Node[]>();
  for (const each of nodes) {
    if (!isLinear(each) || factorOf(each) !== 1 || addendFactorOf(each) !== 1) continue;
    const [x, weight] = each.inputs;
    const key = `${x!.name} ${weight!.shape.join()}`;
    linears.set(key, [...(linears.get(key) ?? []), each]);
  }
  return [...linears.values()].filter(({ length }) => length >= fewest);
}

class Joiner {
  /** Values by what they are instead. */
  readonly same = new Map<string, Value>();
  readonly replaced = new Map<Node, Node>();
  private readonly takers: Takers;
  private readonly weights = new Map<string, Value>();

  constructor(private readonly g: Graph) {
    this.takers = new Takers(g);
  }

  join(linears: readonly Node[]): void {
    const [x] = linears[0]!.inputs as [Value];
    const weights = linears.map(({ inputs }) => inputs[1]!);
    const weight = this.oneBelowTheOther(weights);
    const bias = this.oneBelowTheOther(linears.map(({ inputs }) => inputs[2]!));
    const y = node.gemm(this.g, x, weight, bias, { transposeB: true });
    this.takeApart(y, 1, linears);
    const backward = weights.map((each) => this.inputGradient(each, x.shape[0]!));
    if (backward.some((each) => each === null)) return;
    const inputGradients = backward as Node[];
    const upstream = inputGradients.map(({ inputs }) => inputs[0]!);
    const dy = node.concat(this.g, upstream, 1, y.shape[1]!);
    this.joinInputGradients(inputGradients, dy, weight);
    const ofWeights = upstream.map((each) =>
      this.takers.of(each)?.find((taker) => isWeightGradient(taker, each, x)),
    );
    if (areAll(ofWeights)) {
      const gradient = node.gemm(this.g, dy, x, null, { transposeA: true });
      this.takeApart(gradient, 0, ofWeights);
    }
    const ofBiases = upstream.map((each) => this.biasGradient(each));
    if (areAll(ofBiases) && areAlike(ofBiases)) {
      const [ones, rows] = ofBiases[0].inputs as [Value, Value];
      const wide = rows.type === dy.type ? dy : node.cast(this.g, dy, rows.type);
      this.takeApart(node.matMul(this.g, ones, wide), 0, ofBiases);
    }
  }

  /** dX = dY·W, of so many rows; null where it is not one node. */
  private inputGradient(weight: Value, rows: Dim): Node | null {
    const found = (this.takers.of(weight) ?? []).filter(
      (each) =>
        isGradient(each, 'input') &&
        factorOf(each) === 1 &&
        each.inputs[1]!.name === weight.name &&
        each.inputs[0]!.shape[0] === rows,
    );
    return found.length === 1 ? found[0]! : null;
  }

  /** Where they are added up, cast or not: a product of what is side by side is the sum of theirs. */
  private joinInputGradients(gradients: readonly Node[], dy: Value, weight: Value): void {
    const summands = gradients.map(({ outputs }) => {
      const taker = this.takers.onlyOf(outputs[0]!);
      return taker?.op === 'Cast' ? taker.outputs[0]! : outputs[0]!;
    });
    const sums = summands.map((each) => this.takers.onlyOf(each));
    const [sum] = sums;
    if (sum === undefined || !['Add', 'Sum'].includes(sum.op) || sums.some((each) => each !== sum)) return;
    const product = node.gemm(this.g, dy, weight, null);
    const { type } = sum.outputs[0]!;
    const joined = product.type === type ? product : node.cast(this.g, product, type);
    const names = new Set(summands.map(({ name }) => name));
    const others = sum.inputs.filter((each) => !names.has(each!.name));
    if (others.length !== sum.inputs.length - summands.length) return;
    if (others.length === 0) this.same.set(sum.outputs[0]!.name, joined);
    else
      this.replaced.set(sum, {
        ...sum,
        op: others.length === 1 ? 'Add' : 'Sum',
        inputs: [...others, joined],
      });
  }

  /** Σ dY over its rows, as a product with ones. */
  private biasGradient(dy: Value): Node | undefined {
    const cast = this.takers.of(dy)?.find(({ op }) => op === 'Cast');
    return [dy, ...(cast === undefined ? [] : cast.outputs)]
      .flatMap((each) => this.takers.of(each) ?? [])
      .find(({ op, inputs }) => op === 'MatMul' && inputs[0]!.shape.length === 1);
  }

  private takeApart(joined: Value, axis: number, nodes: readonly Node[]): void {
    const results = nodes.map(({ outputs }) => outputs[0]!);
    const sizes = results.map(({ shape }) => shape[axis]!);
    const parts = node.split(this.g, joined, axis, sizes);
    for (const [place, { name }] of results.entries()) this.same.set(name, parts[place]!);
  }

  /** Made once, where a layer is applied several times. */
  private oneBelowTheOther(values: readonly Value[]): Value {
    const key = values.map(({ name }) => name).join(' ');
    const size = values.reduce((sum, { shape }) => sum + Number(shape[0]), 0);
    const made = this.weights.get(key) ?? node.concat(this.g, values, 0, size);
    this.weights.set(key, made);
    return made;
  }
}

function isWeightGradient(each: Node, dy: Value, x: Value): boolean {
  const [a, b] = each.inputs as [Value, Value];
  return isGradient(each, 'weight') && factorOf(each) === 1 && a.name === dy.name && b.name === x.name;
}

/** Whether products multiply the same by matrices of one type. */
function areAlike(products: readonly [Node, ...Node[]]): boolean {
  const [ones, rows] = products[0].inputs as [Value, Value];
  return products.every(
    ({ inputs: [vector, matrix] }) => vector!.name === ones.name && matrix!.type === rows.type,
  );
}

function areAll(nodes: readonly (Node | undefined)[]): nodes is readonly [Node, ...Node[]] {
  return nodes.every((each) => each !== undefined);
}
