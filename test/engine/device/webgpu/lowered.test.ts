import { expect, it } from 'vitest';
import { modelBytes, programOf } from '../../../../engine/device/program.js';
import { lowered } from '../../../../engine/device/webgpu/lowered.js';
import { Graph } from '../../../../engine/graph/graph.js';
import * as node from '../../../../engine/graph/nodes.js';

it('a program that is written in the operators of WebGPU stays as it is, and is written the same again', () => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['rows', 4]);
  const product = node.matMul(graph, x, x, { transposeB: true });
  graph.output('y', node.logSoftmax(graph, node.reshape(graph, product, ['rows', 1, 'rows'])));
  const program = programOf(graph, 'program');
  const before = modelBytes(program);
  const first = lowered(program);
  const operators = graph.nodes.map(({ op }) => op);
  expect(operators).toContain('FusedMatMul');
  expect(operators).toContain('LogSoftmax');
  expect(modelBytes(program)).toEqual(before);
  expect(first.model).not.toEqual(before);
  expect(lowered(program)).toEqual(first);
});
