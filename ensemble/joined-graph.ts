import type { Graph, Value } from '../engine/graph/graph.js';
import * as node from '../engine/graph/nodes.js';
import type { Calibrator } from '../metrics/calibrators.js';
import type { TaskName } from '../tasks/task.js';
import type { Joining } from './joined.js';

/** `join` (joined.ts) as a part of a graph: the same steps in the same precision, so that decisions are the same. */
export interface JoinedValues {
  /** float32 `[batch, labels]` */
  readonly probabilities: Value;
  /** int64 `[batch, labels]`, 0 or 1 */
  readonly decisions: Value;
}

/** @param logits of each model float32 `[batch, labels]`, member by member */
export function joinedGraph(
  graph: Graph,
  { task, labels, thresholds, calibrators, members }: Joining,
  logits: readonly Value[],
): JoinedValues {
  const parts = taskParts[task];
  const width = labels.length;
  const scored = logits.map((each) => single(graph, parts.activate(graph, double(graph, each))));
  let next = 0;
  const means = members.map(({ models }) => {
    const first = next;
    next += models.length;
    return meanOf(graph, scored.slice(first, next));
  });
  const weights = members.map(({ weight }) => weight);
  const mean = means.length === 1 ? means[0]! : mixed(graph, means, weights);
  const probabilities = calibrators === undefined ? mean : parts.calibrate(graph, mean, calibrators, width);
  return { probabilities, decisions: parts.decide(graph, probabilities, thresholds) };
}

/** What depends on the task, as tasks/ has it. */
interface TaskPart {
  /** Of float64 logits. */
  readonly activate: (g: Graph, logits: Value) => Value;
  /** Of float32 probabilities, to float32 ones. */
  readonly calibrate: (g: Graph, p: Value, calibrators: readonly Calibrator[], width: number) => Value;
  readonly decide: (g: Graph, p: Value, tuned: readonly number[]) => Value;
}

const taskParts: Readonly<Record<TaskName, TaskPart>> = {
  'multi-label': {
    activate: sigmoid,
    calibrate: eachLabel,
    decide: (g, p, thresholds) => {
      const bounds = g.constant('float32', [thresholds.length], thresholds);
      return node.cast(g, compared(g, 'GreaterOrEqual', p, bounds), 'int64');
    },
  },
  'single-label': {
    activate: (g, logits) => softmax(g, logits),
    calibrate: (g, p, calibrators, width) => {
      const [first] = calibrators;
      if (first !== undefined && 'temperature' in first)
        return single(g, softmax(g, scaled(g, logProbabilities(g, p), 1 / first.temperature)));
      return single(g, normalised(g, double(g, eachLabel(g, p, calibrators, width)), width));
    },
    decide: (g, p, offsets) => {
      const width = offsets.length;
      const scores = node.add(g, logProbabilities(g, p), doubles(g, offsets));
      const [chosen] = g.node('ArgMax', [scores], [{ type: 'int64', shape: ['batch', 1] }], {
        axis: 1,
        keepdims: 1,
      });
      const classes = g.constant('int64', [1, width], [...Array(width).keys()]);
      return node.cast(g, compared(g, 'Equal', chosen!, classes), 'int64');
    },
  },
};

/** In float32, as `meanProbabilities`. */
function meanOf(g: Graph, models: readonly Value[]): Value {
  const [first, ...others] = models as [Value, ...Value[]];
  const sum = others.reduce((sum, other) => node.add(g, sum, other), first);
  return others.length === 0 ? sum : node.div(g, sum, g.constant('float32', [1], [models.length]));
}

/** In float64, as `mixProbabilities`. */
function mixed(g: Graph, means: readonly Value[], weights: readonly number[]): Value {
  const sum = means
    .map((mean, place) => scaled(g, double(g, mean), weights[place]!))
    .reduce((sum, other) => node.add(g, sum, other));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return single(g, node.div(g, sum, doubles(g, [total])));
}

/** Each label by its calibrator, as `calibrated`. */
function eachLabel(g: Graph, p: Value, calibrators: readonly Calibrator[], width: number): Value {
  const wide = double(g, p);
  if (calibrators.every((each) => !('knots' in each))) return single(g, logistic(g, wide, calibrators));
  const columns = calibrators.map((calibrator, label) => {
    const column = node.slice(g, wide, 1, label, label + 1, 1);
    return 'knots' in calibrator ? interpolated(g, column, calibrator) : logistic(g, column, [calibrator]);
  });
  return single(g, columns.length === 1 ? columns[0]! : node.concat(g, columns, 1, width));
}

/** Temperatures and lines of the logit, one for each column. */
function logistic(g: Graph, p: Value, calibrators: readonly Calibrator[]): Value {
  const vector = (of: (calibrator: Calibrator) => number): Value => doubles(g, calibrators.map(of));
  const temperatures = vector((each) => ('temperature' in each ? each.temperature : 1));
  const slopes = vector((each) => ('slope' in each ? each.slope : 1));
  const intercepts = vector((each) => ('slope' in each ? each.intercept : 0));
  const logits = node.div(g, node.mul(g, logit(g, p), slopes), temperatures);
  return sigmoid(g, node.add(g, logits, intercepts));
}

/** As `logitOf`. */
function logit(g: Graph, p: Value): Value {
  const within = node.min(g, doubles(g, [1 - 2 ** -24]), node.max(g, doubles(g, [2 ** -149]), p));
  return node.log(g, node.div(g, within, node.sub(g, doubles(g, [1]), within)));
}

/** Straight lines between knots; two more of them, outside, hold the values at the ends. */
function interpolated(
  g: Graph,
  column: Value,
  { knots, values }: { readonly knots: readonly number[]; readonly values: readonly number[] },
): Value {
  const table = (inner: readonly number[], first: number, last: number): Value =>
    doubles(g, [first, ...inner, last]);
  const xs = table(knots, knots[0]! - 1, knots.at(-1)! + 1);
  const ys = table(values, values[0]!, values.at(-1)!);
  const below = compared(g, 'Less', g.constant('float64', [1, knots.length], knots), column);
  const left = node.reduceSum(g, node.cast(g, below, 'int64'), [1], true); // [batch, 1]
  const right = node.add(g, left, g.constant('int64', [1], [1]));
  const [x0, x1] = [node.gather(g, xs, left), node.gather(g, xs, right)];
  const [y0, y1] = [node.gather(g, ys, left), node.gather(g, ys, right)];
  const rise = node.mul(g, node.sub(g, y1, y0), node.sub(g, column, x0));
  return node.add(g, y0, node.div(g, rise, node.sub(g, x1, x0)));
}

/** Every row's sum made 1; alike where it is 0. */
function normalised(g: Graph, rows: Value, width: number): Value {
  const total = node.reduceSum(g, rows, [1], true);
  const isNothing = compared(g, 'Equal', total, doubles(g, [0]));
  const shares = node.div(g, rows, total);
  const inputs = [isNothing, doubles(g, [1 / width]), shares];
  return g.node('Where', inputs, [{ type: 'float64', shape: rows.shape }])[0]!;
}

function softmax(g: Graph, scores: Value): Value {
  const [most] = g.node(
    'ReduceMax',
    [scores, g.constant('int64', [1], [1])],
    [{ type: 'float64', shape: ['batch', 1] }],
    { keepdims: 1 },
  );
  const shares = node.exp(g, node.sub(g, scores, most!));
  return node.div(g, shares, node.reduceSum(g, shares, [1], true));
}

/** 1 / (1 + exp(−z)) */
function sigmoid(g: Graph, z: Value): Value {
  return node.div(g, doubles(g, [1]), node.add(g, doubles(g, [1]), node.exp(g, node.neg(g, z))));
}

/** As `logProbabilities`. */
function logProbabilities(g: Graph, p: Value): Value {
  return node.log(g, node.max(g, double(g, p), doubles(g, [2 ** -149])));
}

function scaled(g: Graph, x: Value, factor: number): Value {
  return node.mul(g, x, doubles(g, [factor]));
}

function doubles(g: Graph, numbers: readonly number[]): Value {
  return g.constant('float64', [numbers.length], numbers);
}

function double(g: Graph, x: Value): Value {
  return node.cast(g, x, 'float64');
}

function single(g: Graph, x: Value): Value {
  return node.cast(g, x, 'float32');
}

function compared(g: Graph, op: 'GreaterOrEqual' | 'Less' | 'Equal', a: Value, b: Value): Value {
  const wider = (a.shape.at(-1) === 1 ? b : a).shape.at(-1)!;
  return g.node(op, [a, b], [{ type: 'bool', shape: ['batch', wider] }])[0]!;
}
