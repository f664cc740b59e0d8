import { describe, expect, it } from 'vitest';
import { Graph } from '../../engine/graph/graph.js';
import { toOnnx } from '../../engine/graph/onnx.js';
import { normal } from '../../engine/kernels/philox.js';
import { openRuntime } from '../../engine/runtime/open.js';
import type { Tensor } from '../../engine/runtime/runtime.js';
import { join, type Joining, type Scored } from '../../ensemble/joined.js';
import { joinedGraph } from '../../ensemble/joined-graph.js';
import type { Calibrator } from '../../metrics/calibrators.js';
import { tasks } from '../../tasks/index.js';
import type { TaskName } from '../../tasks/task.js';

const labels = ['a', 'b', 'c'];
const rows = 4000;

/** Rows of logits: ordinary ones, and at the end those at which an exponential or a logarithm ends. */
function logitsOf(seed: number): Float32Array {
  const logits = Float32Array.from(normal(rows * labels.length, [seed, 0], [1, 0, 0]), (z) => 4 * z);
  const edges = [0, -0, 1000, -1000, 88, -88, 104, -104, 17, -17, 3e38, -3e38];
  logits.set(edges, logits.length - edges.length);
  return logits;
}

/** What the graph makes of logits of each model. */
async function computed(joining: Joining, logits: readonly Float32Array[]): Promise<Scored> {
  const graph = new Graph();
  const inputs = logits.map((_, model) => graph.input(`m${model}`, 'float32', ['batch', labels.length]));
  const { probabilities, decisions } = joinedGraph(graph, joining, inputs);
  graph.output('probabilities', probabilities);
  graph.output('decisions', decisions);
  const runtime = openRuntime();
  const session = await runtime.createSession(toOnnx(graph, 'joined'), { threads: 1 });
  const feeds: Record<string, Tensor> = {};
  logits.forEach((data, model) => {
    feeds[`m${model}`] = runtime.tensor('float32', [rows, labels.length], data);
  });
  const results = await session.run(feeds, { probabilities: null, decisions: null });
  const scored = {
    probabilities: Float32Array.from(results['probabilities']!.data as Float32Array),
    decisions: Uint8Array.from(results['decisions']!.data as BigInt64Array, Number),
  };
  for (const tensor of [...Object.values(feeds), ...Object.values(results)]) tensor.release();
  session.release();
  return scored;
}

const members: Readonly<Record<string, Joining['members']>> = {
  'one model': [{ weight: 1, models: { length: 1 } }],
  'five folds': [{ weight: 1, models: { length: 5 } }],
  'weighted members': [
    { weight: 0.7, models: { length: 3 } },
    { weight: 0.1, models: { length: 1 } },
    { weight: 0.2, models: { length: 2 } },
  ],
};
const isotonic = [
  { knots: [0.1, 0.3, 0.30000001192092896, 0.9], values: [0, 0.25, 0.5, 1] },
  { knots: [0.5], values: [0.4] },
  { knots: [2 ** -149, 1], values: [0.1, 0.9] },
];
const calibrations: Readonly<Record<string, readonly Calibrator[] | undefined>> = {
  'no calibration': undefined,
  temperature: [{ temperature: 1.7 }, { temperature: 1.7 }, { temperature: 1.7 }],
  platt: [
    { slope: 1.3, intercept: -0.4 },
    { slope: -0.7, intercept: 2 },
    { slope: 0, intercept: 0 },
  ],
  isotonic,
  'of each kind one': [{ slope: 0.8, intercept: 0.1 }, isotonic[0]!, { temperature: 0.6 }],
  'isotonic to nothing': labels.map(() => ({ knots: [0.2, 0.8], values: [0, 0] })),
};
const tuned: Readonly<Record<TaskName, readonly number[]>> = {
  'multi-label': [0.45, 0.1, 0.9000000000000001],
  'single-label': [-0.3, 0, 1.2],
};

const cases = (Object.keys(tuned) as TaskName[]).flatMap((task) =>
  Object.keys(members).flatMap((ensemble) =>
    Object.keys(calibrations).map((calibration) => [task, ensemble, calibration] as const),
  ),
);

describe('the graph of what becomes of logits', () => {
  it.each(cases)('gives what is joined and decided: %s, %s, %s', async (task, ensemble, calibration) => {
    const calibrators = calibrations[calibration];
    const joining: Joining = {
      task,
      labels,
      thresholds: tuned[task],
      members: members[ensemble]!,
      ...(calibrators === undefined ? {} : { calibrators }),
    };
    const models = joining.members.reduce((sum, { models }) => sum + models.length, 0);
    const logits = Array.from({ length: models }, (_, model) => logitsOf(model));
    const expected = join(
      joining,
      logits.map((each) => tasks[task].activate(each, labels.length)),
    );
    const found = await computed(joining, logits);
    expect(found.decisions).toEqual(expected.decisions);
    // Exponentials and logarithms of two libraries differ in float64's last bit, which seldom is seen in float32's.
    let others = 0;
    expected.probabilities.forEach((p, entry) => {
      const q = found.probabilities[entry]!;
      if (p === q) return;
      others++;
      expect(Math.abs(q - p), `entry ${entry}`).toBeLessThanOrEqual(2 ** -23 * Math.max(p, q));
    });
    expect(others).toBeLessThan(20);
    expect(new Set(expected.decisions).size).toBe(
      calibration === 'isotonic to nothing' && task === 'multi-label' ? 1 : 2,
    );
  });
});
