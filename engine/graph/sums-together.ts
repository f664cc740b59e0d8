import { ConstantNumbers } from './constant-numbers.js';
import type { Graph, Node, Value } from './graph.js';
import * as node from './nodes.js';
import { factorOf, isProduct } from './products.js';
import type { Dim } from './shape.js';
import { Takers } from './takers.js';

/** Fewer are taken one by one: putting them together and taking the sums apart are nodes, too. */
const fewest = 4;
/** What is summed has to be there until the last of a stack is. */
const most = 12;

/**
 * Takes sums over the rows of matrices of one shape, written as products with vectors of one number
 * (sums-as-products.ts), by one product of a stack of them: they are gradients that nobody waits for.
 */
export function sumTogether(graph: Graph): void {
  new Waiting(graph).run();
}

class Waiting {
  /** Sums by the vector that is multiplied by, the width, and the type before a cast. */
  private readonly stacks = new Map<string, Node[]>();
  /** What is computed of vectors that wait, in its order. */
  private readonly behind: Node[] = [];
  /** What is not computed yet. */
  private readonly missing = new Set<string>();

  private readonly takers: Takers;
  private readonly constants: ConstantNumbers;

  constructor(private readonly g: Graph) {
    this.takers = new Takers(g);
    this.constants = new ConstantNumbers(g);
  }

  run(): void {
    for (const each of this.g.nodes.splice(0)) {
      const isBehind = each.inputs.some((value) => this.missing.has(value?.name ?? ''));
      if (this.shareOf(each) !== null && this.takers.of(each.outputs[0]!)?.length !== 0) this.wait(each);
      else if (isBehind && each.outputs.every(({ shape }) => shape.length === 1)) {
        this.behind.push(each);
        for (const { name } of each.outputs) this.missing.add(name);
      } else {
        if (isBehind) this.end();
        this.g.nodes.push(each);
      }
    }
    this.end();
  }

  private wait(sum: Node): void {
    const [ones, rows] = sum.inputs as [Value, Value];
    const key = `${ones.name} ${rows.shape[1]} ${this.beforeCast(rows)?.type ?? rows.type}`;
    const stack = this.stacks.get(key) ?? [];
    this.stacks.set(key, stack);
    stack.push(sum);
    this.missing.add(sum.outputs[0]!.name);
    if (stack.length === most) this.append(key, stack);
  }

  /** Of a sum over rows, what each row is multiplied by; null of another node. */
  private shareOf(product: Node): number | null {
    const [vector, rows] = product.inputs;
    if (!isProduct(product) || product.op === 'Gemm' || product.attributes['transB'] === 1) return null;
    if (vector?.shape.length !== 1 || rows?.shape.length !== 2 || rows.type !== 'float32') return null;
    const spread = this.takers.giverOf(vector);
    const entry =
      spread?.op === 'Expand' ? this.constants.ofScalar(spread.inputs[0]) : this.constants.ofAll(vector);
    return entry === null ? null : entry * factorOf(product);
  }

  private append(key: string, stack: readonly Node[]): void {
    this.stacks.delete(key);
    for (const { outputs } of stack) this.missing.delete(outputs[0]!.name);
    if (stack.length < fewest) this.g.nodes.push(...stack);
    else this.appendProduct(stack, this.stacked(stack));
  }

  /** Matrices that are cast for their sums alone are cast as a stack. */
  private stacked(stack: readonly Node[]): Value {
    const matrices = stack.map(({ inputs }) => inputs[1]!);
    const [size, width] = matrices[0]!.shape as [Dim, Dim];
    const parts = matrices.map((rows) =>
      node.reshape(this.g, this.beforeCast(rows) ?? rows, [1, size, width]),
    );
    const together = node.concat(this.g, parts, 0, stack.length);
    const { type } = matrices[0]!;
    return together.type === type ? together : node.cast(this.g, together, type);
  }

  private beforeCast(rows: Value): Value | undefined {
    const given = this.takers.giverOf(rows);
    const isForSum = given?.op === 'Cast' && this.takers.onlyOf(rows) !== undefined;
    return isForSum ? given.inputs[0]! : undefined;
  }

  private appendProduct(stack: readonly Node[], matrices: Value): void {
    const { g } = this;
    const [count, size] = matrices.shape as [number, Dim];
    const shares = stack.map((each) => this.shareOf(each)!);
    const factors = node.expand(g, g.constant('float32', [count, 1, 1], shares), [count, 1, size]);
    const sums = node.split(g, node.matMul(g, factors, matrices), 0, new Array<number>(count).fill(1));
    for (const [place, { outputs }] of stack.entries()) {
      const inputs = [sums[place]!, g.shapeTensor(outputs[0]!.shape)];
      g.nodes.push({ op: 'Reshape', domain: '', inputs, outputs, attributes: {} });
    }
  }

  private end(): void {
    for (const [key, stack] of this.stacks) this.append(key, stack);
    this.g.nodes.push(...this.behind.splice(0));
    this.missing.clear();
  }
}
