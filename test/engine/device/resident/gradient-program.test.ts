import { describe, expect, it } from 'vitest';
import { programOf } from '../../../../engine/device/program.js';
import { gradientOf, gradientProgram } from '../../../../engine/device/resident/gradient-program.js';
import { Packing, packSizes } from '../../../../engine/device/resident/packing.js';
import { Graph } from '../../../../engine/graph/graph.js';
import * as node from '../../../../engine/graph/nodes.js';
import { integers, normal } from '../../../../engine/kernels/philox.js';
import { testDevices } from '../../../setup/devices.js';

const group = { trained: true, decay: true, rateShare: 1, perturbed: false };

/** A table of so many rows of that width, whose rows' gradients are an input. */
function lookedUp(rows: number, width: number) {
  const graph = new Graph();
  graph.input('ids', 'int64', ['tokens']);
  const given = graph.input('given', 'float32', ['tokens', width]);
  graph.output('rows:table', node.neg(graph, node.neg(graph, given)));
  graph.output('loss', node.reduceSum(graph, given, [0, 1], false));
  return {
    ...programOf(graph, 'table'),
    parameters: [{ name: 'table', shape: [rows, width], group }],
    gradients: [],
    dropoutSites: [],
    tables: [{ name: 'table', ids: 'ids', rows: 'rows:table', width }],
  };
}

const sizes: [rows: number, width: number, tokens: number][] = [
  [1, 1, 1],
  [5, 3, 7],
  [2, 4, 64],
  [37, 12, 130],
  [600, 5, 33],
];

describe.each(testDevices)('the rows that were looked up of a table, on $title,', ({ missing, open }) => {
  it.skipIf(missing).each(sizes)(
    'are added up in it whatever their number, twice with the same bits: %d of %d, %d tokens',
    async (rows, width, tokens) => {
      const device = await open(1);
      const program = lookedUp(rows, width);
      const session = await device.compile(
        gradientProgram(program, new Packing(program.parameters, packSizes.webgpu), 1),
      );
      const ids = BigInt64Array.from(integers(tokens, rows, [1, 2], [3, 0, 0]), BigInt);
      const values = Float32Array.from(normal(tokens * width, [1, 2], [4, 0, 0]));
      const feeds = {
        ids: device.tensor('int64', [tokens], ids),
        given: device.tensor('float32', [tokens, width], values),
      };
      const output = gradientOf('table');
      const expected = new Float64Array(rows * width);
      ids.forEach((id, token) => {
        for (let column = 0; column < width; column++)
          expected[Number(id) * width + column]! += values[token * width + column]!;
      });
      const runs: Float32Array[] = [];
      for (let run = 0; run < 2; run++) {
        const { [output]: gradient } = await session.run(feeds, { [output]: null });
        runs.push(Float32Array.from(gradient!.data as Float32Array));
        gradient!.release();
      }
      const [first, second] = runs;
      expect(second).toEqual(first);
      expect(first!.length).toBe(expected.length);
      expected.forEach((sum, place) => expect(Math.abs(first![place]! - sum)).toBeLessThan(2e-6));
      for (const held of [session, ...Object.values(feeds)]) held.release();
      device.release();
    },
  );
});
