import type { Graph, Node, Value } from '../graph/graph.js';
import { cast } from '../graph/nodes.js';
import { inHalf, isExact } from './half-constants.js';
import { operatorPrecisions, type OperatorPrecision } from './operators.js';
import type { HalfPrecision } from './precision.js';

export interface MixedPrecisionOptions {
  readonly half: HalfPrecision;
  /** Names of the inputs that are weights: the others are what is fed of a batch. */
  readonly weights: ReadonlySet<string>;
  /** Values that go on in float32 whatever they are computed in, such as the answers that a loss is taken of. */
  readonly wide: readonly Value[];
}

/**
 * Has a recorded graph in float32, forward and backward, compute each operator in what `operatorPrecisions` says.
 * Inputs and outputs stay as they are: weights come in float32 and are cast once a run, gradients leave in float32.
 *
 * @throws TypeError for an operator that the table does not have
 */
export function useMixedPrecision(graph: Graph, options: MixedPrecisionOptions): void {
  new MixedPrecision(graph, options).run();
}

class MixedPrecision {
  /** By the name that a value was recorded under: as it is computed now. */
  private readonly computed = new Map<string, Value>();
  /** By type and name: values in another type than they are computed in, each made once. */
  private readonly casts = new Map<string, Value>();
  private readonly wide: ReadonlySet<string>;
  /** What is fed of a batch, but for what has been used in float32 before. */
  private readonly adaptable: Set<string>;
  private readonly constants: ReadonlyMap<string, Graph['initializers'][number]>;

  constructor(
    private readonly g: Graph,
    private readonly options: MixedPrecisionOptions,
  ) {
    this.wide = new Set(options.wide.map(({ name }) => name));
    this.adaptable = new Set(g.inputs.map(({ name }) => name).filter((name) => !options.weights.has(name)));
    this.constants = new Map(g.initializers.map((initializer) => [initializer.value.name, initializer]));
  }

  run(): void {
    const { g } = this;
    const early = this.halvedEarly();
    for (const former of g.nodes.splice(0)) this.append(former, early.has(former));
    const outputs = g.outputs.splice(0);
    for (const { name, value } of outputs) g.outputs.push({ name, value: this.as(value.type, value) });
  }

  private append(former: Node, halved: boolean): void {
    const { half } = this.options;
    const precision = precisionOf(former);
    const type = halved ? half : this.typeOf(former, precision);
    const inputs = former.inputs.map((value) => {
      if (value === null) return null;
      return precision !== 'any' && value.type === 'float32' ? this.as(type, value) : this.current(value);
    });
    const outputs = former.outputs.map((value) =>
      precision !== 'any' && value.type === 'float32' ? { ...value, type } : value,
    );
    this.g.nodes.push({ ...former, inputs, outputs });
    for (const value of outputs) {
      this.computed.set(value.name, value);
      if (this.wide.has(value.name)) this.computed.set(value.name, this.as('float32', value));
    }
  }

  private typeOf(node: Node, precision: OperatorPrecision): Value['type'] {
    const { half } = this.options;
    if (precision === 'half') return half;
    if (precision === 'float32') return 'float32';
    const deciding = node.inputs.filter(
      (value): value is Value => value?.type === 'float32' && !this.adapts(node, value),
    );
    const isHalf = deciding.length > 0 && deciding.every((value) => this.current(value).type === half);
    return isHalf ? half : 'float32';
  }

  /** Whether an operand takes the type of the others: a number that loses nothing by it, or a mask. */
  private adapts({ op }: Node, { name }: Value): boolean {
    const constant = this.constants.get(name);
    if (constant !== undefined) return isExact(constant, this.options.half);
    // What is fed to be multiplied is a mask. What is fed to be added is too large for float16: scores of padded keys.
    // One that met float32 on the way forward does so on the way back, too: so it need not be there in both.
    return op === 'Mul' && this.adaptable.has(name);
  }

  private current(value: Value): Value {
    return this.computed.get(value.name) ?? value;
  }

  private as(type: Value['type'], value: Value): Value {
    if (type === 'float32') this.adaptable.delete(value.name);
    const current = this.current(value);
    if (current.type === type) return current;
    const key = `${type} ${value.name}`;
    let made = this.casts.get(key);
    if (made === undefined) this.casts.set(key, (made = this.made(type, current)));
    return made;
  }

  private made(type: Value['type'], value: Value): Value {
    const constant = this.constants.get(value.name);
    const { half } = this.options;
    const initializer = constant === undefined || type !== half ? null : inHalf(constant, half);
    if (initializer === null) return cast(this.g, value, type);
    this.g.initializers.push(initializer);
    return initializer.value;
  }

  /**
   * The nodes that only move entries on their way to products: what goes into them is cast, so that one cast serves
   * several, of which each moves half the bytes.
   */
  private halvedEarly(): ReadonlySet<Node> {
    const { g } = this;
    const kept = new Set([...g.outputs.map(({ value }) => value.name), ...this.wide]);
    const given = new Set(g.inputs.map(({ name }) => name));
    const users = new Map<string, Node[]>();
    for (const node of g.nodes)
      for (const value of node.inputs)
        if (value !== null && precisionOf(node) !== 'any')
          users.set(value.name, [...(users.get(value.name) ?? []), node]);
    const halved = new Set<Node>();
    for (const node of g.nodes.toReversed()) {
      // Of a table that rows are taken of, all would be cast.
      if (precisionOf(node) !== 'moved' || given.has(node.inputs[0]!.name)) continue;
      const isHalved = ({ name, type }: Value): boolean =>
        type === 'float32' &&
        !kept.has(name) &&
        users.has(name) &&
        users.get(name)!.every((user) => precisionOf(user) === 'half' || halved.has(user));
      if (node.outputs.every(isHalved)) halved.add(node);
    }
    return halved;
  }
}

/** @throws TypeError where the table does not have it */
function precisionOf({ op, inputs, outputs }: Node): OperatorPrecision {
  const precision = operatorPrecisions[op];
  if (precision !== undefined) return precision;
  if (![...inputs, ...outputs].some((value) => value?.type === 'float32')) return 'any';
  throw new TypeError(`nobody has said what ${op} computes in (engine/precision/operators.ts)`);
}
