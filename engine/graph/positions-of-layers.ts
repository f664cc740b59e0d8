import { taking, type Graph, type Node, type Value } from './graph.js';
import * as node from './nodes.js';
import { addendFactorOf, factorOf, isGradient, isLinear, isProduct } from './products.js';
import { sameShape, type Dim } from './shape.js';
import { Takers } from './takers.js';
import { headsFirst, transposes } from './transpositions.js';
import { inOrder } from './used-nodes.js';

/** Fewer are left as they are: putting them together and taking them apart are nodes, too. */
const fewest = 3;
/** What a node takes at once; all of them are there until the last is. */
const most = 24;

/**
 * Projects what all layers have of positions at once, forward and backward: that of which each layer drops other
 * entries, by a linear layer of its own, to where it is spread. It waits for no layer, and no layer for its gradient.
 */
export function projectPositionsTogether(graph: Graph): void {
  const takers = new Takers(graph);
  const together = new Together(graph, takers);
  const former = graph.nodes.splice(0);
  for (const sites of sitesOf(takers, former))
    for (let first = 0; first < sites.length; first += most) {
      const some = sites.slice(first, first + most);
      if (some.length >= fewest) together.project(some);
    }
  const { same, gradients } = together;
  const all = [...graph.nodes.splice(0), ...former, ...gradients];
  graph.nodes.push(...inOrder(all.map((each) => taking(each, same))));
}

/** x where a mask says so, and the linear layers of it. */
interface Site {
  readonly choice: Node;
  readonly linears: readonly Linear[];
}

/** y = α·x·Wᵀ + β·b, and how its rows are spread. */
interface Linear {
  readonly linear: Node;
  readonly spread: Node;
}

/** What goes back through a linear layer: from P, by heads, spread back to dY, to dX and dW. */
interface Gradient {
  readonly byHead: Value;
  readonly spread: Node;
  readonly ofInput: Node;
  readonly ofWeight: Node;
}

/** What goes back through a site, and what is not dropped of it. */
interface SiteGradient {
  readonly linears: readonly Gradient[];
  readonly dropped: Node;
}

/** Sites that differ by their masks and weights alone. */
function sitesOf(takers: Takers, nodes: readonly Node[]): Site[][] {
  const groups = new Map<string, Site[]>();
  for (const choice of nodes) {
    const [mask, x, rest] = choice.inputs;
    if (choice.op !== 'Where' || takers.giverOf(mask) !== undefined || x!.shape.length !== 2) continue;
    const { shape } = choice.outputs[0]!;
    if (!sameShape(mask!.shape, shape) || !sameShape(x!.shape, shape)) continue;
    const linears = linearsOf(takers, choice.outputs[0]!);
    if (linears.length === 0) continue;
    const key = [x, rest]
      .map((value) => value!.name)
      .concat(linears.map(kindOf))
      .join(' ');
    groups.set(key, [...(groups.get(key) ?? []), { choice, linears }]);
  }
  const isOnce = (sites: readonly Site[]): boolean =>
    new Set(sites.map(({ choice }) => choice.inputs[0]!.name)).size === sites.length;
  return [...groups.values()].filter(isOnce);
}

function linearsOf(takers: Takers, x: Value): Linear[] {
  return (takers.of(x) ?? []).flatMap((linear) => {
    const isOfX = isLinear(linear) && linear.inputs[0]!.name === x.name;
    const spread = isOfX ? takers.onlyOf(linear.outputs[0]!) : undefined;
    const isSpread = spread?.op === 'MatMul' && spread.inputs[1]!.name === linear.outputs[0]!.name;
    return isSpread && spread.inputs[0]!.shape.length === 2 ? [{ linear, spread }] : [];
  });
}

function kindOf({ linear, spread }: Linear): string {
  return JSON.stringify([linear.attributes, linear.inputs[1]!.shape, spread.inputs[0]!.name]);
}

class Together {
  /** Values by what they are instead. */
  readonly same = new Map<string, Value>();
  readonly gradients: Node[] = [];

  constructor(
    private readonly g: Graph,
    private readonly takers: Takers,
  ) {}

  project(sites: readonly Site[]): void {
    const { g } = this;
    const choices = sites.map(({ choice }) => choice);
    const [, x, rest] = choices[0]!.inputs as [Value, Value, Value];
    const masks = this.stack(choices.map(({ inputs }) => inputs[0]!));
    const chosen = this.where(masks, x, rest);
    this.takeApart(chosen, choices);
    const weights = sites[0]!.linears.map((_, place) => {
      const linears = sites.map((site) => site.linears[place]!);
      return this.forward(linears, chosen);
    });
    const backward = sites.map((site) => this.gradientsOf(site));
    if (!areAlike(backward)) return;
    const forward = g.nodes.splice(0);
    this.backward(backward, { masks, chosen, weights });
    this.gradients.push(...g.nodes.splice(0));
    g.nodes.push(...forward);
  }

  /** @returns the weights, one behind the other */
  private forward(linears: readonly Linear[], chosen: Value): Value {
    const { g } = this;
    const nodes = linears.map(({ linear }) => linear);
    const [{ linear, spread }] = linears as readonly [Linear];
    const weights = this.stack(nodes.map(({ inputs }) => inputs[1]!));
    const [count, size] = weights.shape as [number, number];
    const biases = node.reshape(g, this.stack(nodes.map(({ inputs }) => inputs[2]!)), [count, 1, size]);
    const product = node.matMul(g, chosen, weights, { transposeB: true, alpha: factorOf(linear) });
    const beta = addendFactorOf(linear);
    const added = beta === 1 ? biases : node.mul(g, biases, g.constant(biases.type, [], [beta]));
    const y = node.add(g, product, added);
    const rows = node.matMul(g, this.repeated(spread.inputs[0]!, count), y);
    this.takeApart(
      rows,
      linears.map((each) => each.spread),
    );
    return weights;
  }

  private backward(
    sites: readonly SiteGradient[],
    { masks, chosen, weights }: { masks: Value; chosen: Value; weights: readonly Value[] },
  ): void {
    const { g } = this;
    const count = sites.length;
    const ofInputs = weights.map((weight, place) => {
      const gradients = sites.map(({ linears }) => linears[place]!);
      const [{ byHead, spread, ofInput, ofWeight }] = gradients as [Gradient, ...Gradient[]];
      const [heads, window, width] = byHead.shape as [number, Dim, number];
      const all = node.concat(
        g,
        gradients.map((each) => each.byHead),
        0,
        count * heads,
      );
      const apart = node.reshape(g, all, [count, heads, window, width]);
      const rows = node.reshape(g, node.transpose(g, apart, [0, 2, 1, 3]), [count, window, heads * width]);
      const alpha = factorOf(spread);
      const dy = node.matMul(g, this.repeated(spread.inputs[0]!, count), rows, { transposeA: true, alpha });
      this.takeApart(
        dy,
        gradients.map((each) => each.spread),
      );
      const dw = node.matMul(g, dy, chosen, { transposeA: true, alpha: factorOf(ofWeight) });
      this.takeApart(
        dw,
        gradients.map((each) => each.ofWeight),
      );
      return node.matMul(g, dy, weight, { alpha: factorOf(ofInput) });
    });
    const sum = ofInputs.reduce((a, b) => node.add(g, a, b));
    const dropped = sites.map((site) => site.dropped);
    const [, given, rest] = dropped[0]!.inputs as [Value, Value, Value];
    const cast = sum.type === given.type ? sum : node.cast(g, sum, given.type);
    this.takeApart(this.where(masks, cast, rest), dropped);
  }

  /** Null where one of a site's is not as it is expected. */
  private gradientsOf(site: Site): SiteGradient | null {
    const linears = site.linears.map((each) => this.gradientOf(site, each));
    if (!linears.every((each) => each !== null)) return null;
    const dropped = this.droppedGradient(site, linears);
    return dropped === null ? null : { linears, dropped };
  }

  private gradientOf({ choice }: Site, { linear, spread }: Linear): Gradient | null {
    const [x, weight] = linear.inputs as [Value, Value];
    const [ofInput, ...others] = (this.takers.of(weight) ?? []).filter(
      (each) =>
        isGradient(each, 'input') &&
        each.inputs[1]!.name === weight.name &&
        each.inputs[0]!.shape[0] === x.shape[0],
    );
    if (ofInput === undefined || others.length > 0) return null;
    const [dy] = ofInput.inputs as [Value];
    const back = this.takers.giverOf(dy);
    const ofWeight = this.takers.of(dy)?.find((each) => {
      const [a, b] = each.inputs;
      return isGradient(each, 'weight') && a!.name === dy.name && b!.name === choice.outputs[0]!.name;
    });
    if (back === undefined || !isProduct(back) || back.inputs.length > 2 || ofWeight === undefined)
      return null;
    if (back.attributes['transA'] !== 1 || back.attributes['transB'] === 1) return null;
    const [spreading, rows] = back.inputs as [Value, Value];
    if (spreading.name !== spread.inputs[0]!.name) return null;
    const joined = this.takers.giverOf(rows);
    const turned = joined?.op === 'Reshape' ? this.takers.giverOf(joined.inputs[0]) : undefined;
    if (turned === undefined || !transposes(turned, headsFirst)) return null;
    const [byHead] = turned.inputs as [Value];
    const isOfRows = byHead.shape[1] === spreading.shape[0];
    return isOfRows ? { byHead, spread: back, ofInput, ofWeight } : null;
  }

  /** What is not dropped of the gradient of a site, to which nothing else leads. */
  private droppedGradient({ choice }: Site, gradients: readonly Gradient[]): Node | null {
    const [one, other, ...more] = gradients.map(({ ofInput }) => ofInput.outputs[0]!);
    if (one === undefined || more.length > 0) return null;
    let value = one;
    if (other !== undefined) {
      const sum = this.takers.onlyOf(one);
      if (sum?.op !== 'Add' || this.takers.onlyOf(other) !== sum) return null;
      [value] = sum.outputs as [Value];
    }
    let last = this.takers.onlyOf(value);
    if (last?.op === 'Cast') {
      [value] = last.outputs as [Value];
      last = this.takers.onlyOf(value);
    }
    const [mask, given] = last?.op === 'Where' ? last.inputs : [];
    return mask?.name === choice.inputs[0]!.name && given?.name === value.name ? last! : null;
  }

  private stack(values: readonly Value[]): Value {
    const parts = values.map((value) => node.reshape(this.g, value, [1, ...value.shape]));
    return node.concat(this.g, parts, 0, values.length);
  }

  /** A matrix for each of so many. */
  private repeated(matrix: Value, count: number): Value {
    return node.expand(this.g, matrix, [count, ...matrix.shape]);
  }

  private where(masks: Value, x: Value, rest: Value): Value {
    return this.g.node('Where', [masks, x, rest], [{ type: x.type, shape: masks.shape }])[0]!;
  }

  private takeApart(stack: Value, nodes: readonly Node[]): void {
    const parts = node.split(this.g, stack, 0, new Array<number>(nodes.length).fill(1));
    for (const [place, { outputs }] of nodes.entries()) {
      const [result] = outputs as [Value];
      this.same.set(result.name, node.reshape(this.g, parts[place]!, result.shape));
    }
  }
}

/** Whether all sites have a gradient, and these differ by what they are made of alone. */
function areAlike(sites: readonly (SiteGradient | null)[]): sites is readonly SiteGradient[] {
  const kinds = sites.map((site) => {
    if (site === null) return null;
    const [, given, rest] = site.dropped.inputs as [Value, Value, Value];
    const factors = site.linears.map(({ byHead, spread, ofInput, ofWeight }) => [
      byHead.shape,
      ...[spread, ofInput, ofWeight].map(factorOf),
    ]);
    return JSON.stringify([given.type, rest.name, factors]);
  });
  return kinds.every((kind) => kind !== null && kind === kinds[0]);
}
