import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { SideMeasurement } from '../../../bench/predict/compare.js';
import { summarise, table, type Summary } from '../../../bench/predict/summary.js';
import { ended } from '../../cli/built-command-line.js';

const bench = join(process.cwd(), 'dist/bench/main.js');
const built = existsSync(bench);
const without = built ? '' : ' (skipped: `npm run build` has not been run)';

it.skipIf(!built)(
  `the benchmark of scoring asks library, server and int8 in turns, and says which other sides there are not${without}`,
  { timeout: 300_000 },
  async () => {
    const { code, out } = await ended(process.execPath, [
      ...[bench, 'predict', '--model', 'tiny', '--chunk', '20', '--chunks', '2', '--singles', '4'],
      ...['--data', join(process.cwd(), 'examples/quickstart/train.csv')],
      ...['--python', join(process.cwd(), 'no-such-python')],
      ...['--transformers-js', join(process.cwd(), 'no-such-folder'), '--json'],
    ]);
    expect(code).toBe(0);
    const { models } = JSON.parse(out) as { models: Summary[] };
    const [{ sides, aims }] = models as [Summary];
    for (const [name, most] of [
      ['ours', 0],
      ['server', 1e-5],
      ['int8', 0.05],
    ] as const) {
      expect(sides[name], name).toHaveProperty('latency.p50', expect.any(Number));
      expect((sides[name] as { difference: number }).difference, name).toBeLessThanOrEqual(most);
    }
    for (const name of ['pytorch', 'pytorch-sorted', 'onnxruntime', 'onnxruntime-optimizer'] as const)
      expect(sides[name]).toHaveProperty('missing', expect.stringContaining('no-such-python'));
    expect(sides['transformers.js']).toHaveProperty('missing', expect.stringContaining('no-such-folder'));
    expect(aims.map(({ what }) => what)).toEqual(['times as fast in int8 as in float32']);
  },
);

const side = (seconds: number[], latencies: number[] = []): SideMeasurement => ({
  version: null,
  seconds,
  latencies,
  peakBytes: 2 ** 20,
  difference: 0,
});

it('sides are compared chunk by chunk, and an aim is met by the median', () => {
  const latencies = Array.from({ length: 100 }, (_, i) => (i + 1) / 1000);
  const summary = summarise('a model', 10, {
    ours: side([1, 2, 4], latencies),
    pytorch: side([4, 6, 8]),
    int8: side([0.5, 2, 4]),
    'transformers.js': { missing: 'not installed' },
  });
  expect(summary.sides.pytorch).toMatchObject({
    ratio: { median: 3, min: 2, max: 4 },
    textsPerSecond: { median: 10 / 6, min: 1.25, max: 2.5 },
    latency: null,
  });
  expect(summary.sides.ours).toMatchObject({ latency: { p50: 0.051, p95: 0.096 } });
  expect(summary.aims.map(({ measured, met }) => [measured, met])).toEqual([
    [3, true],
    [1, false],
  ]);
  expect(table(summary)).toContain('transformers.js: missing (not installed)');
});
