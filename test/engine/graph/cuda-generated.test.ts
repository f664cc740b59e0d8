import { describe, expect, it } from 'vitest';
import { dimsOf } from '../../../engine/device/program.js';
import { useCudaOperators } from '../../../engine/graph/cuda-operators.js';
import type { DType } from '../../../engine/graph/dtype.js';
import { bytesOf, Graph, sizeInput, type Value } from '../../../engine/graph/graph.js';
import * as node from '../../../engine/graph/nodes.js';
import { toOnnx } from '../../../engine/graph/onnx.js';
import { extentOf, type Dim, type Shape } from '../../../engine/graph/shape.js';
import { integers, normal } from '../../../engine/kernels/philox.js';
import { layerNorm } from '../../../engine/ops/normalization.js';
import { linear } from '../../../engine/ops/products.js';
import { skew } from '../../../engine/ops/skew.js';
import { openRuntime } from '../../../engine/runtime/open.js';

/** Extents of the named sizes, which are those of numbers, too. */
const named: Readonly<Record<string, number>> = { n: 3, m: 4 };

/** What a seed draws: numbers, shapes, and constants of a graph. */
class Draw {
  readonly graph = new Graph();
  readonly ends: Value[] = [];
  readonly values: Value[] = [];
  private count = 0;

  constructor(private readonly seed: number) {}

  below(bound: number): number {
    return this.integers(1, bound)[0]!;
  }

  chance(): boolean {
    return this.below(2) === 0;
  }

  of<T>(...all: readonly [T, ...T[]]): T {
    return all[this.below(all.length)]!;
  }

  size(): number {
    return this.of(1, 2, 3, 4, 6);
  }

  dim(): Dim {
    return this.of<Dim>(1, 2, 3, 4, 'n', 'm');
  }

  random(shape: Shape): Value {
    return this.constant('float32', shape, (count) => [
      ...normal(count, [this.seed, 8], [this.count++, 0, 0]),
    ]);
  }

  /** Places of an axis. */
  index(size: Dim, bound: Dim): Value {
    return this.constant('int64', [size], (count) => this.integers(count, extentOf(bound, named)!));
  }

  flags(shape: Shape): Value {
    return this.constant('bool', shape, (count) => this.integers(count, 2));
  }

  /** A constant whose shape is named where the graph is to know no more of it. */
  private constant(type: DType, shape: Shape, numbersOf: (count: number) => number[]): Value {
    const dims = shape.map((dim) => extentOf(dim, named)!);
    const numbers = numbersOf(dims.reduce((a, b) => a * b, 1));
    const { name } = this.graph.initializer(`drawn ${this.count++}`, type, dims, bytesOf[type](numbers));
    return { name, type, shape };
  }

  private integers(count: number, bound: number): number[] {
    return [...integers(count, bound, [this.seed, 7], [this.count++, 0, 0])];
  }

  /** What is computed in the end. */
  end(...values: readonly Value[]): void {
    this.ends.push(...values);
  }

  /** What is computed on the way. @returns the last */
  note(...values: readonly Value[]): Value {
    this.values.push(...values);
    return values.at(-1)!;
  }
}

type Motif = (draw: Draw) => void;

/** Dropout of a product, of a sum of products, or of what is none; and products of what is dropped. */
const dropout: Motif = (draw) => {
  const { graph } = draw;
  const [rows, width] = [draw.dim(), draw.size()];
  const product = (x: Value): Value => {
    const inner = x.shape[1] as number;
    return draw.note(
      draw.chance()
        ? node.gemm(graph, x, draw.random([inner, width]), draw.chance() ? draw.random([width]) : null)
        : node.matMul(graph, x, draw.random([inner, width]), { alpha: draw.of(1, 0.5) }),
    );
  };
  const x = draw.random([rows, width]);
  const first = product(x);
  const value = draw.of(
    first,
    draw.note(node.add(graph, first, first)),
    draw.note(node.add(graph, product(x), first)),
    draw.note(node.add(graph, first, x)),
    x,
  );
  const shape = draw.of<Shape>([rows, width], [rows, 1], [width]);
  const [mask] = graph.node(
    'Where',
    [draw.flags(shape), node.scalar(graph, draw.of(1.25, 2)), node.scalar(graph, 0)],
    [{ type: 'float32', shape }],
  );
  const dropped = draw.note(node.mul(graph, value, mask!));
  const behind = product(draw.chance() ? dropped : draw.note(node.mul(graph, dropped, mask!)));
  draw.end(behind);
};

/** Linear layers of one input, with their gradients or some of these. */
const linears: Motif = (draw) => {
  const { graph } = draw;
  const [rows, width, out] = [draw.dim(), draw.size(), draw.size()];
  const x = draw.random([rows, width]);
  const ones = draw.random([rows]);
  const others: Value[] = [];
  const gradients = Array.from({ length: 3 }, () => {
    const weight = draw.random([out, width]);
    const bias = draw.random(draw.of<Shape>([out], [out], [out], [1]));
    const inputs = { x, weight, bias };
    const { outputs } = linear.forward(graph, inputs, undefined);
    draw.note(outputs[0]!);
    const dy = draw.note(node.mul(graph, outputs[0]!, draw.random([rows, out])));
    const context = { graph, inputs, outputs, attributes: undefined, saved: undefined };
    const rules = linear.gradient as Record<string, (of: object) => Value>;
    const ofBias = draw.chance()
      ? rules['bias']!({ ...context, upstream: [dy], dy })
      : node.matMul(graph, draw.chance() ? ones : draw.random([rows]), dy);
    others.push(rules['weight']!({ ...context, upstream: [dy], dy }), ofBias);
    return draw.note(
      draw.below(6) === 0
        ? node.gemm(graph, dy, weight, draw.random([rows, width]))
        : rules['x']!({ ...context, upstream: [dy], dy }),
    );
  });
  const more = draw.below(4) === 0 ? [gradients[0]!] : [];
  draw.end(
    [...gradients, ...more].reduce((a, b) => node.add(graph, a, b)),
    ...others,
  );
};

/** Rows of heads, and what is nearly so. */
const heads: Motif = (draw) => {
  const { graph } = draw;
  const [rows, slots] = [draw.dim(), draw.dim()];
  const [count, width] = [draw.size(), draw.size()];
  const isSplit = draw.chance();
  const whole = draw.random([rows, (isSplit ? 2 : 1) * count * width]);
  const parts = isSplit ? node.split(graph, whole, 1, [count * width, count * width]) : [whole];
  const index = draw.index(slots, rows);
  const mask = draw.random([slots, 1]);
  const moved = parts.map((part, place) => {
    const taken = draw.note(node.gather(graph, part, index));
    const masked = draw.chance() ? taken : draw.note(node.mul(graph, taken, mask));
    // Of the second part other heads now and then.
    const [some, wide] = place === 1 && draw.chance() ? [width, count] : [count, width];
    const apart = draw.note(node.reshape(graph, masked, [slots, some, wide]));
    return draw.note(node.transpose(graph, apart, [1, 0, 2]));
  });
  draw.end(...moved);
  const tokens = draw.dim();
  const back = draw.index(tokens, slots);
  const gathered = moved.map((each) => {
    const together = node.reshape(graph, node.transpose(graph, each, [1, 0, 2]), [slots, count * width]);
    return draw.note(node.gather(graph, together, back));
  });
  draw.end(node.concat(graph, gathered, 1, gathered.length * count * width));
  // Rows of another size than the moves have.
  const [a, b, c] = [draw.size(), draw.size(), draw.size()];
  const other = node.gather(graph, draw.random([rows, 2 * b * c]), draw.index(a, rows));
  draw.end(node.transpose(graph, node.reshape(graph, other, [2 * a, b, c]), [1, 0, 2]));
  const turned = node.reshape(graph, node.transpose(graph, draw.random([a, b, 2 * c]), [1, 0, 2]), [
    2 * b,
    a * c,
  ]);
  draw.end(node.gather(graph, turned, draw.index(draw.size(), 2 * b)));
  const matrix = draw.random([a, b * c]);
  const columns = draw.index(b * c, b * c);
  const [byColumn] = graph.node('Gather', [matrix, columns], [{ type: 'float32', shape: [a, b * c] }], {
    axis: 1,
  });
  draw.end(node.transpose(graph, node.reshape(graph, byColumn!, [a, b, c]), [1, 0, 2]));
};

/** Sums and means over rows, and products of any vector. */
const rowSums: Motif = (draw) => {
  const { graph } = draw;
  const [rows, width] = [draw.size(), draw.size()];
  const kind = draw.below(3);
  const vector = draw.random([rows]);
  const sums = Array.from({ length: 6 }, () => {
    const x = draw.note(node.mul(graph, draw.random([rows, width]), draw.random([width])));
    if (kind === 0) return node.reduceSum(graph, x, [0], false);
    return kind === 1 ? node.reduceMean(graph, x, [0], false) : node.matMul(graph, vector, x);
  });
  draw.note(...sums);
  draw.end(node.add(graph, sums[0]!, sums[1]!), ...sums.slice(draw.below(6)));
  draw.end(
    node.mul(
      graph,
      sums.reduce((a, b) => node.add(graph, a, b)),
      node.scalar(graph, 2),
    ),
  );
};

/** Gradients of a norm, and means over other axes. */
const norms: Motif = (draw) => {
  const { graph } = draw;
  const width = draw.size();
  const shape = draw.of<Shape>([width], [draw.dim(), width], [draw.dim(), width, width]);
  const inputs = { x: draw.random(shape), scale: draw.random([width]), bias: draw.random([width]) };
  const attributes = { epsilon: 1e-5 };
  const { outputs, saved } = layerNorm.forward(graph, inputs, attributes);
  const dy = draw.random(draw.chance() ? shape : [width]);
  const context = { graph, inputs, outputs, attributes, saved, upstream: [dy], dy };
  const rules = layerNorm.gradient as Record<string, (of: typeof context) => Value>;
  draw.note(outputs[0]!);
  draw.end(rules['scale']!(context));
  if (dy.shape.length === shape.length) draw.end(rules['x']!(context));
  const normal = node.mul(graph, node.sub(graph, inputs.x, saved.mean), saved.inverseDeviation);
  const product = draw.note(node.mul(graph, node.mul(graph, dy, inputs.scale), draw.note(normal)));
  const axes = draw.of(
    [product.shape.length - 1],
    [0],
    product.shape.map((_, axis) => axis),
  );
  draw.end(node.reduceMean(graph, product, axes, true));
};

/** What is put together of parts, whole or not, in order or not, and of sums with them. */
const parts: Motif = (draw) => {
  const { graph } = draw;
  const [size, width] = [draw.dim(), draw.size()];
  const split = (): Value[] => {
    const count = draw.of(2, 4, 6);
    const whole = draw.note(
      node.mul(
        graph,
        draw.random([typeof size === 'number' ? size * count : `${count}·${size}`, width]),
        draw.random([width]),
      ),
    );
    return node.split(graph, whole, 0, new Array<Dim>(count).fill(size));
  };
  const all = [...split(), ...split()];
  draw.note(all[draw.below(all.length)]!);
  const from = draw.below(3);
  const taken = draw.chance() ? all.slice(from, from + 4) : all.slice(from === 2 ? 1 : 0);
  if (draw.below(4) === 0) taken.reverse();
  const summed = draw.chance()
    ? taken
    : taken.map((part) =>
        draw.below(4) === 0 ? part : draw.note(node.add(graph, draw.random([size, width]), part)),
      );
  const rest = typeof size === 'number' ? size * summed.length : `${summed.length}·${size}`;
  draw.end(node.concat(graph, summed, 0, rest));
};

/** Scores by position that are read and written, turned or not. */
const windows: Motif = (draw) => {
  const { graph } = draw;
  const [count, length] = [draw.dim(), draw.size()];
  const dims = {
    length,
    window: 2 * length,
    diagonal: 2 * length - 1,
    before: length - 1,
    area: 2 * length * length,
    skewedArea: length * (2 * length - 1),
    skewedEnd: length - 1 + length * (2 * length - 1),
  };
  const x = draw.random([count, length, 2 * length]);
  const turned = (value: Value): Value =>
    draw.chance() ? value : draw.note(node.transpose(graph, value, [0, 2, 1]));
  const { outputs } = skew.forward(graph, { x }, dims);
  const read = draw.note(turned(draw.note(outputs[0]!)));
  const dy = turned(draw.note(node.mul(graph, read, read)));
  const { x: rule } = skew.gradient;
  if (rule === null || rule === 'rows') throw new TypeError('no rule');
  draw.end(
    rule({ graph, inputs: { x }, outputs: [], attributes: dims, saved: undefined, upstream: [dy], dy }),
  );
};

/** What layers project of positions, with gradients that differ in one thing now and then. */
const positions: Motif = (draw) => {
  const { graph } = draw;
  const [rows, width, heads, long] = [draw.size(), draw.size(), draw.of(1, 2), draw.size()];
  const all = heads * width;
  const x = draw.random([rows, all]);
  const spread = draw.random([long, rows]);
  const isOdd = (): boolean => draw.below(12) === 0;
  const gradientsOfX = Array.from({ length: 4 }, () => {
    const flags = draw.flags(isOdd() ? [rows, 1] : [rows, all]);
    const [mask] = graph.node(
      'Where',
      [flags, node.scalar(graph, isOdd() ? 2 : 1.25), node.scalar(graph, 0)],
      [{ type: 'float32', shape: flags.shape }],
    );
    const dropped = draw.note(node.mul(graph, x, mask!));
    const weight = draw.random([all, all]);
    const inputs = { x: dropped, weight, bias: draw.random([isOdd() ? 1 : all]) };
    const { outputs } = linear.forward(graph, inputs, undefined);
    draw.note(outputs[0]!);
    const rowsOfHeads = node.reshape(graph, node.matMul(graph, spread, outputs[0]!), [long, heads, width]);
    const back = node.mul(
      graph,
      node.transpose(graph, rowsOfHeads, [1, 0, 2]),
      draw.random([heads, long, width]),
    );
    const together = node.reshape(graph, node.transpose(graph, back, [1, 0, 2]), [long, all]);
    const dy = draw.note(
      node.matMul(graph, spread, together, { transposeA: true, alpha: isOdd() ? 0.5 : 1 }),
    );
    const context = { graph, inputs, outputs, attributes: undefined, saved: undefined };
    const rules = linear.gradient as Record<string, (of: object) => Value>;
    const [dx, dw, db] = ['x', 'weight', 'bias'].map((name) =>
      rules[name]!({ ...context, upstream: [dy], dy }),
    );
    draw.note(dx!);
    draw.end(dw!, db!);
    return draw.note(node.mul(graph, dx!, mask!));
  });
  draw.end(gradientsOfX.reduce((a, b) => node.add(graph, a, b)));
};

const motifs = { dropout, linears, heads, rowSums, norms, parts, windows, positions };

/** A graph of which some values are outputs, and others nobody takes. */
function generated(seed: number, motif: Motif): Graph {
  const draw = new Draw(seed);
  motif(draw);
  const share = draw.of(2, 8, 1000);
  const ends = draw.ends.map((value) => (draw.chance() ? value : node.neg(draw.graph, value)));
  const chosen = new Set([...ends, ...draw.values.filter(() => draw.below(share) === 0)]);
  for (const [place, value] of [...chosen].entries()) draw.graph.output(`y${place}`, value);
  return draw.graph;
}

async function outputsOf(graph: Graph): Promise<{ shape: readonly number[]; data: number[] }[]> {
  const runtime = openRuntime();
  const session = await runtime.createSession(toOnnx(graph, 'generated'), { threads: 1 });
  const dims = dimsOf(session.inputs).map((dim) => {
    const extent = BigInt(named[dim]!);
    return [sizeInput(dim), runtime.tensor('int64', [1], BigInt64Array.of(extent))] as const;
  });
  const fetched = Object.fromEntries(graph.outputs.map(({ name }) => [name, null]));
  const found = await session.run(Object.fromEntries(dims), fetched);
  const outputs = graph.outputs.map(({ name }) => {
    const { shape, data } = found[name]!;
    return { shape: [...shape], data: Array.from(data, Number) };
  });
  for (const each of [session, ...Object.values(found), ...dims.map(([, dim]) => dim)]) each.release();
  return outputs;
}

describe('a graph in the operators of CUDA', () => {
  it.each(Object.entries(motifs))('gives what it gave: %s, over 150 generated ones', async (_, motif) => {
    for (let seed = 0; seed < 150; seed++) {
      const graph = generated(seed, motif);
      const expected = await outputsOf(graph);
      const lowered = graph.copy();
      useCudaOperators(lowered);
      const found = await outputsOf(lowered);
      for (const [place, { shape, data }] of expected.entries()) {
        const what = `seed ${seed}, output ${place}: ${graph.outputs[place]!.value.name}`;
        expect(found[place]!.shape, what).toEqual(shape);
        const bound = 1e-5 * Math.max(1, ...data.map(Math.abs));
        const apart = data.map((value, at) => Math.abs(value - found[place]!.data[at]!));
        expect(Math.max(...apart), what).toBeLessThan(bound);
      }
    }
  });
});
