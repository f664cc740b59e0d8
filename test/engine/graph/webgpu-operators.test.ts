import { describe, expect, it } from 'vitest';
import { Graph } from '../../../engine/graph/graph.js';
import * as node from '../../../engine/graph/nodes.js';
import { sizeNodes } from '../../../engine/graph/size-nodes.js';
import { useWebGpuOperators } from '../../../engine/graph/webgpu-operators.js';

/** Operators, with the names and shapes of what they give. */
function written(build: (g: Graph) => void): string[] {
  const g = new Graph();
  build(g);
  useWebGpuOperators(g);
  return g.nodes.map(({ op, outputs: [result] }) => `${op} ${result!.name} [${result!.shape.join(', ')}]`);
}

describe('a graph in the operators of WebGPU', () => {
  it('has a Gemm for a product of matrices, with its factor and transpositions', () => {
    const g = new Graph();
    const [a, b] = [g.input('a', 'float32', ['n', 3]), g.input('b', 'float32', [5, 3])];
    g.output('y', node.matMul(g, a, b, { transposeB: true, alpha: 0.5 }));
    useWebGpuOperators(g);
    expect(g.nodes).toHaveLength(1);
    expect(g.nodes[0]).toMatchObject({
      op: 'Gemm',
      domain: '',
      inputs: [a, b],
      outputs: [{ name: 'FusedMatMul_0_0', shape: ['n', 5] }],
      attributes: { transA: 0, transB: 1, alpha: { float: 0.5 } },
    });
  });

  it('has transpositions and a factor of their own for a product of stacks', () => {
    const nodes = written((g) => {
      const [a, b] = [g.input('a', 'float32', ['n', 3, 4]), g.input('b', 'float32', ['n', 5, 4])];
      node.matMul(g, a, b, { transposeB: true, alpha: 0.5 });
    });
    expect(nodes).toEqual([
      'Transpose Transpose_1_0 [n, 4, 5]',
      'Mul Mul_2_0 [n, 3, 4]',
      'MatMul FusedMatMul_0_0 [n, 3, 5]',
    ]);
  });

  it('keeps what WebGPU has, node by node', () => {
    const build = (g: Graph): void => {
      const x = g.input('x', 'float32', ['n', 4]);
      g.output('y', node.softmax(g, node.gelu(g, node.gemm(g, x, x, null, { transposeB: true }))));
    };
    const former = new Graph();
    build(former);
    expect(written(build)).toHaveLength(former.nodes.length);
  });
});

describe('the nodes of sizes', () => {
  it('take nothing but named sizes, shapes and constants', () => {
    const g = new Graph();
    const x = g.input('x', 'float32', ['n', 'm']);
    const ids = g.input('ids', 'int64', ['n']);
    const flat = node.reshape(g, x, ['n', 'm', 1, 1]);
    const rows = node.cast(g, g.dim('n'), 'float32');
    const places = node.cast(g, ids, 'float32');
    const kept = node.later(g, x, flat);
    const names = [...sizeNodes(g)];
    expect(names).toContain(rows.name);
    expect(names).not.toContain(places.name);
    expect(names).not.toContain(flat.name);
    expect(names).not.toContain(kept.name);
    const sizes = g.nodes.filter(({ outputs }) => names.includes(outputs[0]!.name)).map(({ op }) => op);
    expect(sizes.sort()).toEqual(['Add', 'Cast', 'Concat', 'Mul', 'Shape', 'Shape']);
  });
});
