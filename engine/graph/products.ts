import { MICROSOFT, type Attribute, type Node, type Value } from './graph.js';
import { sameShape } from './shape.js';

/** A product of its first two inputs, to which a third may be added. */
export function isProduct({ op }: Node): boolean {
  return op === 'MatMul' || op === 'FusedMatMul' || op === 'Gemm';
}

/** A linear layer as it is recorded, α·x·Wᵀ + β·b: of fixed sizes, with an entry of b for each row of W. */
export function isLinear(node: Node): boolean {
  const [, weight, bias] = node.inputs as readonly (Value | undefined)[];
  if (weight === undefined || bias === undefined || !isGemm(node, 0, 1)) return false;
  return (
    weight.shape.every((dim) => typeof dim === 'number') && sameShape(bias.shape, weight.shape.slice(0, 1))
  );
}

/** A product of two matrices, nothing added: dX = dY·W, or, the first transposed, dW = dYᵀ·X. */
export function isGradient(node: Node, of: 'input' | 'weight'): boolean {
  return node.inputs.length === 2 && isGemm(node, Number(of === 'weight'), 0);
}

function isGemm({ op, attributes }: Node, transA: number, transB: number): boolean {
  return op === 'Gemm' && attributes['transA'] === transA && attributes['transB'] === transB;
}

/** A product that is as many times as large, and what is added to it as many times as `addend`. */
export function scaled(product: Node, factor: number, addend: number): Node {
  const { op, attributes, inputs } = product;
  const times = (name: string, by = factor): Attribute => ({ float: by * floatOf(attributes[name] ?? 1) });
  if (op === 'Gemm') {
    const beta = inputs.length > 2 ? { beta: times('beta', addend) } : {};
    return { ...product, attributes: { ...attributes, alpha: times('alpha'), ...beta } };
  }
  const plain = { transA: 0, transB: 0 };
  return {
    ...product,
    op: 'FusedMatMul',
    domain: MICROSOFT,
    attributes: { ...plain, ...attributes, alpha: times('alpha') },
  };
}

/** What a product of two operands is multiplied by. */
export function factorOf({ attributes }: Node): number {
  return floatOf(attributes['alpha'] ?? 1);
}

/** What the third operand is multiplied by. */
export function addendFactorOf({ attributes }: Node): number {
  return floatOf(attributes['beta'] ?? 1);
}

function floatOf(attribute: Attribute): number {
  return typeof attribute === 'object' && 'float' in attribute ? attribute.float : Number(attribute);
}
