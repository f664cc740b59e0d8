import { taking, type Graph, type Node, type Value } from './graph.js';
import * as node from './nodes.js';
import { sameShape, times, type Dim } from './shape.js';
import { Takers } from './takers.js';
import { headsFirst, transposes, turned } from './transpositions.js';

/**
 * Writes nodes that only move entries, one behind the other, as one that gathers: rows of heads, and the windows of
 * relative positions. What is gathered is told by places, which are the same in every layer and made once a run.
 */
export function gatherAtOnce(graph: Graph): void {
  new Moves(graph).run();
}

/** Rows of heads that were gathered: what of, and by which index. */
interface HeadRows {
  readonly x: Value;
  readonly index: Value;
}

class Moves {
  private readonly takers: Takers;
  private readonly places = new Map<string, Value>();
  /** Parts of what was moved before it is taken apart, by the part as it was recorded. */
  private readonly parts = new Map<string, Value>();
  private readonly headRows = new Map<string, HeadRows>();
  private readonly same = new Map<string, Value>();

  constructor(private readonly g: Graph) {
    this.takers = new Takers(g);
  }

  run(): void {
    for (const former of this.g.nodes.splice(0)) {
      const moved =
        this.headsOfRows(former) ??
        this.rowsOfHeads(former) ??
        this.rowsOfParts(former) ??
        this.windowRead(former) ??
        this.windowWritten(former);
      const [result] = former.outputs as [Value];
      if (moved !== null && this.takers.of(result) !== null) this.same.set(result.name, moved);
      else this.g.nodes.push(taking(former, this.same));
    }
  }

  /** `[tokens, heads·width]` by an index of rows → `[heads, slots, width]`, where they are masked or not. */
  private headsOfRows(each: Node): Value | null {
    const apart = transposes(each, headsFirst) ? this.before(each, 'Reshape') : null;
    if (apart === null) return null;
    const masked = this.before(apart, 'Mul');
    const gathered = this.before(masked ?? apart, 'Gather');
    if (gathered === null || !takesRows(gathered)) return null;
    const [x, index] = gathered.inputs as [Value, Value];
    const [, heads, width] = apart.outputs[0]!.shape;
    if (typeof heads !== 'number' || typeof width !== 'number') return null;
    if (!sameShape(gathered.outputs[0]!.shape, [apart.outputs[0]!.shape[0]!, heads * width])) return null;
    if (masked === null) return this.headsOfPart(x, heads, index) ?? this.heads(this.now(x), heads, index);
    const [, mask] = masked.inputs as [Value, Value];
    if (!sameShape(mask.shape, [index.shape[0]!, 1])) return null;
    return node.mul(this.g, this.heads(this.now(x), heads, index), this.now(mask));
  }

  /** Of a part of what lies side by side: all parts are moved at once. */
  private headsOfPart(part: Value, heads: number, index: Value): Value | null {
    const split = this.takers.giverOf(part);
    if (split?.op !== 'Split' || split.attributes['axis'] !== 1) return null;
    const parts = split.outputs;
    if (!parts.every(({ shape }) => sameShape(shape, part.shape))) return null;
    const [first] = parts as readonly [Value];
    const keyOf = ({ name }: Value): string => `${name} ${heads} ${index.name}`;
    if (!this.parts.has(keyOf(first))) {
      const all = this.heads(this.now(split.inputs[0]!), heads * parts.length, index);
      const sizes = parts.map(() => heads);
      for (const [place, moved] of node.split(this.g, all, 0, sizes).entries())
        this.parts.set(keyOf(parts[place]!), moved);
    }
    return this.parts.get(keyOf(part))!;
  }

  private heads(x: Value, heads: number, index: Value): Value {
    const [rows, columns] = x.shape as [Dim, number];
    const width = columns / heads;
    const places = this.once(`heads ${heads} of ${index.name}`, () => {
      const first = node.mul(this.g, index, this.g.constant('int64', [1], [heads]));
      return node.add(this.g, first, this.g.constant('int64', [heads, 1], upTo(heads)));
    });
    return node.gather(this.g, node.reshape(this.g, x, [times(rows, heads), width]), places);
  }

  /** `[heads, slots, width]` → `[tokens, heads·width]` by an index of slots. */
  private rowsOfHeads(each: Node): Value | null {
    const together = takesRows(each) ? this.before(each, 'Reshape') : null;
    const moved = together === null ? null : this.before(together, 'Transpose');
    if (moved === null || !transposes(moved, headsFirst)) return null;
    const [x, index] = [moved.inputs[0]!, each.inputs[1]!];
    const [heads, slots, width] = x.shape;
    if (typeof heads !== 'number' || typeof width !== 'number') return null;
    if (!sameShape(each.inputs[0]!.shape, [slots!, heads * width])) return null;
    this.headRows.set(each.outputs[0]!.name, { x, index });
    return this.rows(this.now(x), index);
  }

  /** What such rows give side by side. */
  private rowsOfParts({ op, inputs, attributes }: Node): Value | null {
    if (op !== 'Concat' || attributes['axis'] !== 1) return null;
    const parts = inputs.map((value) => this.headRows.get(value!.name));
    const [first] = parts;
    if (first === undefined) return null;
    const { index } = first;
    const isAlike = (part: HeadRows | undefined): part is HeadRows =>
      part !== undefined && part.index.name === index.name && sameShape(part.x.shape, first.x.shape);
    if (!parts.every(isAlike)) return null;
    const heads = Number(first.x.shape[0]) * parts.length;
    const all = node.concat(
      this.g,
      parts.map(({ x }) => this.now(x)),
      0,
      heads,
    );
    return this.rows(all, index);
  }

  private rows(x: Value, index: Value): Value {
    const [heads, slots, width] = x.shape as [number, Dim, number];
    const [tokens] = index.shape as [Dim];
    const places = this.once(`rows of ${heads} by ${slots} of ${index.name}`, () => {
      const numbers = this.g.constant('float64', [1, heads], upTo(heads));
      const starts = node.cast(this.g, node.mul(this.g, this.extent(slots), numbers), 'int64');
      return node.add(this.g, node.reshape(this.g, index, [tokens, 1]), starts);
    });
    const gathered = node.gather(this.g, node.reshape(this.g, x, [times(slots, heads), width]), places);
    return node.reshape(this.g, gathered, [tokens, heads * width]);
  }

  /** Scores by position that are read (ops/skew.ts), turned or not. */
  private windowRead(each: Node): Value | null {
    const turn = transposes(each, turned) ? each : null;
    const cut = turn === null ? each : this.before(turn, 'Slice');
    if (cut?.op !== 'Slice' || (turn === null && this.isTurned(each))) return null;
    const rows = this.before(cut, 'Reshape');
    const shifted = rows === null ? null : this.before(rows, 'Slice');
    const flat = this.takers.giverOf(shifted?.inputs[0]);
    if (rows === null || shifted === null || flat?.op !== 'Reshape') return null;
    const window = flat.inputs[0]!.shape;
    const [read, size] = [cut.outputs[0]!.shape, shifted.inputs[0]!.shape[1]!];
    if (window.length !== 3 || read.length !== 3 || !sameShape(read.slice(1), [window[1]!, window[1]!]))
      return null;
    const chain = [shifted, rows, cut, ...(turn === null ? [] : [turn])];
    if (shifted.inputs[0]!.shape.length !== 2 || !areOfEach([flat, ...chain], window[0]!)) return null;
    const places = this.once(`read ${chain.map(signature).join()}`, () => {
      const places = node.reshape(this.g, this.numbered(window[1]!, window[2]!), [1, size]);
      return this.placesOf(this.repeated(chain, places), each.outputs[0]!.shape.slice(1));
    });
    return this.gatherColumns(this.now(shifted.inputs[0]!), places);
  }

  /** The gradient of what was read: zeros where nothing was. */
  private windowWritten(each: Node): Value | null {
    const rows = each.op === 'Pad' ? this.before(each, 'Reshape') : null;
    const widened = rows === null ? null : this.before(rows, 'Pad');
    const back = this.takers.onlyOf(each.outputs[0]!);
    if (rows === null || widened === null || back?.op !== 'Reshape') return null;
    const turn = this.before(widened, 'Transpose');
    if (turn !== null && !transposes(turn, turned)) return null;
    const given = (turn ?? widened).inputs[0]!;
    const [count, length, other] = given.shape as [Dim, Dim, Dim];
    const [, , window] = back.outputs[0]!.shape;
    if (window === undefined || length !== other || back.outputs[0]!.shape[1] !== length) return null;
    // Of named sizes their names tell no more.
    if (typeof length === 'number' && window !== 2 * length) return null;
    const [, size] = each.outputs[0]!.shape as [Dim, Dim];
    const chain = [...(turn === null ? [] : [turn]), widened, rows, each];
    if (each.outputs[0]!.shape.length !== 2 || !areOfEach([...chain, back], count)) return null;
    // Zeros before what is given: that of the first place is where a place leads that is none.
    const zeros = this.once(`zeros before ${given.name}`, () =>
      node.reshape(this.g, this.padded(this.now(given), length, window), [count, size]),
    );
    const places = this.once(`written ${chain.map(signature).join()}`, () => {
      const numbered = node.reshape(this.g, this.numbered(length, window), [1, length, window]);
      const places = node.slice(this.g, numbered, 2, length, window, length);
      return this.placesOf(this.repeated(chain, places), [size]);
    });
    return this.gatherColumns(zeros, places);
  }

  /** Entries of the second axis by their places. */
  private gatherColumns(x: Value, places: Value): Value {
    const shape = [x.shape[0]!, ...places.shape];
    return this.g.node('Gather', [x, places], [{ type: x.type, shape }], { axis: 1 })[0]!;
  }

  /** A value as it is after what has been rewritten. */
  private now(value: Value): Value {
    return this.same.get(value.name) ?? value;
  }

  private padded(x: Value, length: Dim, window: Dim): Value {
    const zero = this.g.constant(x.type, [], [0]);
    const pads = this.g.shapeTensorOf([length, 0]);
    const shape = [...x.shape.slice(0, 2), window];
    return this.g.node(
      'Pad',
      [x, pads, zero, this.g.constant('int64', [1], [2])],
      [{ type: x.type, shape }],
    )[0]!;
  }

  private isTurned(cut: Node): boolean {
    const taker = this.takers.onlyOf(cut.outputs[0]!);
    return taker !== undefined && transposes(taker, turned);
  }

  /** The node before another that only that takes. */
  private before({ inputs }: Node, op: string): Node | null {
    const giver = this.takers.giverOf(inputs[0]);
    return giver?.op === op && this.takers.onlyOf(inputs[0]!) !== undefined ? giver : null;
  }

  private once(key: string, make: () => Value): Value {
    let value = this.places.get(key);
    if (value === undefined) this.places.set(key, (value = make()));
    return value;
  }

  /** The same moves of one row of numbers. */
  private repeated(chain: readonly Node[], numbers: Value): Value {
    return chain.reduce((moved, each) => {
      const shape = [1, ...each.outputs[0]!.shape.slice(1)];
      if (each.op === 'Reshape') return node.reshape(this.g, moved, shape);
      const result = [{ type: moved.type, shape }];
      const zero = this.g.constant(moved.type, [], [0]);
      const rest = each.inputs
        .slice(1)
        .map((value, place) => (each.op === 'Pad' && place === 1 ? zero : value));
      return this.g.node(each.op, [moved, ...rest], result, each.attributes)[0]!;
    }, numbers);
  }

  private placesOf(numbers: Value, shape: readonly Dim[]): Value {
    const places = node.cast(this.g, numbers, 'int64');
    return node.reshape(this.g, places, shape);
  }

  /** 0, 1, 2 … row by row: float64 `[rows, columns]`, exact also where a long text has more entries than 2²⁴. */
  private numbered(rows: Dim, columns: Dim): Value {
    return this.once(`numbered ${rows} ${columns}`, () => {
      const row = this.counted(this.ones([1, columns]), 1);
      const lengths = node.matMul(this.g, this.ones([rows, columns]), this.ones([columns, 1]));
      const starts = this.counted(lengths, 0);
      return node.add(this.g, starts, row);
    });
  }

  private ones(shape: readonly Dim[]): Value {
    return this.once(`ones ${shape.join()}`, () =>
      node.expand(this.g, this.g.constant('float64', [], [1]), shape),
    );
  }

  /** Of each entry the sum of those before it. */
  private counted(x: Value, axis: number): Value {
    const along = this.g.constant('int64', [], [axis]);
    return this.g.node('CumSum', [x, along], [{ type: x.type, shape: x.shape }], { exclusive: 1 })[0]!;
  }

  /** A size as a number: float64 `[1, 1]`. */
  private extent(dim: Dim): Value {
    return this.once(`extent ${dim}`, () => node.matMul(this.g, this.ones([1, dim]), this.ones([dim, 1])));
  }
}

/** Whether a node takes rows of a matrix by an index. */
function takesRows({ op, inputs, attributes }: Node): boolean {
  const [x, index] = inputs;
  return op === 'Gather' && attributes['axis'] === 0 && x?.shape.length === 2 && index?.shape.length === 1;
}

/** Whether nodes do the same to each of so many, the first axis: what they move is moved within it. */
function areOfEach(nodes: readonly Node[], count: Dim): boolean {
  return nodes.every(({ outputs }) => outputs[0]!.shape[0] === count);
}

function signature({ op, inputs, outputs, attributes }: Node): string {
  const rest = inputs.slice(1).map((value) => value?.name.replace(/^.*:constant/u, 'constant'));
  return `${op} ${rest.join()} ${outputs[0]!.shape.slice(1).join()} ${JSON.stringify(attributes['perm'] ?? null)}`;
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, place) => place);
}
