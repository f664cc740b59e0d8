import { afterEach, describe, expect, it, vi } from 'vitest';
import { recordingVariable } from '../../../../engine/device/cuda/lowered.js';
import { isRecordable } from '../../../../engine/device/cuda/recordable.js';
import { Graph } from '../../../../engine/graph/graph.js';
import * as node from '../../../../engine/graph/nodes.js';
import type { Dim } from '../../../../engine/graph/shape.js';
import { sizeNodes } from '../../../../engine/graph/size-nodes.js';
import { goldenModels } from '../../models/golden-model.js';
import { loweredGradients } from './lowered-gradients.js';

afterEach(() => vi.unstubAllEnvs());

const nowhere: ReadonlySet<string> = new Set();

function parted(parts: readonly Dim[], total: Dim, axis = 1): Graph {
  const graph = new Graph();
  const shape = axis === 0 ? [total, 5] : [5, total];
  for (const part of node.split(graph, graph.input('x', 'float32', shape), axis, parts))
    graph.output(part.name, part);
  return graph;
}

function joined(parts: readonly Dim[], total: Dim): Graph {
  const graph = new Graph();
  const inputs = parts.map((part, place) => graph.input(`part${place}`, 'float32', [5, part]));
  graph.output('y', node.concat(graph, inputs, 1, total));
  return graph;
}

const ones = (count: number): number[] => new Array<number>(count).fill(1);

const cases: [parts: readonly Dim[], total: Dim, recordable: boolean][] = [
  [[4, 4], 8, true],
  [[8], 8, true],
  [['width', 'width'], 'all', true],
  [ones(32), 32, true],
  [ones(33), 33, false],
  [[32, 16], 48, false],
  [[4, 4, 3], 11, false],
  [['width', 4], 'all', false],
];

describe('runs on CUDA', () => {
  it.each(cases)('that take apart %j of %j can be recorded: %j', (parts, total, recordable) => {
    expect(isRecordable(parted(parts, total), nowhere)).toBe(recordable);
    expect(isRecordable(parted(parts, total, 0), nowhere)).toBe(recordable);
  });

  it.each(cases)('that put together %j to %j can be recorded: %j', (parts, total, recordable) => {
    expect(isRecordable(joined(parts, total), nowhere)).toBe(recordable);
  });

  it('may be along an axis that is counted from the last', () => {
    const graph = new Graph();
    const parts = [3, 4].map((width) => graph.input(`x${width}`, 'float32', [5, width]));
    graph.node('Concat', parts, [{ type: 'float32', shape: [5, 7] }], { axis: -1 });
    expect(isRecordable(graph, nowhere)).toBe(false);
    graph.nodes.length = 0;
    graph.node('Concat', parts, [{ type: 'float32', shape: [5, 7] }], { axis: -2 });
    expect(isRecordable(graph, nowhere)).toBe(true);
  });

  it('may have the processor put sizes together, of whatever number', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['rows', 'width']);
    const [shape] = graph.node('Shape', [x], [{ type: 'int64', shape: [2] }]);
    graph.node('Concat', [shape!, graph.dim('rows')], [{ type: 'int64', shape: [3] }], { axis: 0 });
    expect(isRecordable(graph, nowhere)).toBe(false);
    expect(isRecordable(graph, sizeNodes(graph))).toBe(true);
  });

  it.each(goldenModels)(
    'can be recorded for gradients of %s, but for what splits 48 in 32 and 16',
    (model) => {
      expect(loweredGradients(model).recordable).toBe(model !== 'deberta-v2');
    },
  );

  it(`are not recorded where ${recordingVariable} is 0`, () => {
    vi.stubEnv(recordingVariable, '0');
    expect(loweredGradients('bert').recordable).toBe(false);
    vi.stubEnv(recordingVariable, '1');
    expect(loweredGradients('bert').recordable).toBe(true);
  });
});
