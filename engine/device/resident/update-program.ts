import { Graph, type Value } from '../../graph/graph.js';
import * as node from '../../graph/nodes.js';
import {
  ADAMW,
  adamwFactors,
  clippingOffset,
  rootCorrection2,
  type AdamwSettings,
} from '../../optim/adamw.js';
import type { LossScale } from '../../optim/loss-scale.js';
import { rateKeyOf, ratesOf, type ParameterGroup } from '../../optim/parameter-groups.js';
import { programOf, type Program } from '../program.js';
import type { OptimizedParameter } from '../training-program.js';
import type { StateArray, StepSettings } from '../training-state.js';
import { gradientOf } from './gradient-program.js';
import { updateNumber } from './state-update.js';

/** The input that is an array of the state as it is. */
export function stateInput(array: StateArray, parameter: string): string {
  return `${array}/${parameter}`;
}

/** The output that is what an input of the state becomes. */
export function nextOf(input: string): string {
  return `next:${input}`;
}

/** The output that is the norm of all gradients, before clipping, without the loss scale. */
export const normOutput = 'norm';

/** The input that gradients with a loss scale are multiplied by. */
export const inverseScaleInput = 'inverseScale';

/** The shape of what is one number. */
export const scalar: readonly number[] = [];

/**
 * Clips the gradient norm, then steps AdamW (Loshchilov & Hutter 2019, algorithm 2), then moves the average, in the
 * order of operations of the processor's kernel. What comes of a norm that is not finite is not to be used.
 */
export class UpdateProgram {
  readonly program: Program;
  private readonly groups: ReadonlyMap<string, ParameterGroup>;

  /**
   * @param parameters those that are trained, or packs of them
   * @param scaled whether the gradients have a loss scale: a power of two, which costs no bit of them
   */
  constructor(
    parameters: readonly OptimizedParameter[],
    private readonly settings: AdamwSettings,
    private readonly averaged: boolean,
    scaled: boolean,
  ) {
    this.groups = new Map(parameters.map(({ group }) => [rateKeyOf(group), group]));
    const graph = new Graph();
    const inverse = scaled ? graph.input(inverseScaleInput, 'float32', []) : null;
    const gradients = parameters.map(({ name, shape }) => {
      const gradient = graph.input(gradientOf(name), 'float32', shape);
      return inverse === null ? gradient : node.mul(graph, gradient, inverse);
    });
    const norm = node.sqrt(
      graph,
      gradients.map((gradient) => sumOfSquares(graph, gradient)).reduce((a, b) => node.add(graph, a, b)),
    );
    graph.output(normOutput, norm);
    const update = new Update(graph, clippingFactor(graph, norm, settings), averaged);
    parameters.forEach((parameter, place) => update.append(parameter, gradients[place]!));
    this.program = programOf(graph, 'update');
  }

  /** What is fed of a step besides gradients and state: numbers by name. */
  numbers(
    { learningRate, averageShare, number: ofStep }: StepSettings,
    lossScale: LossScale | null,
  ): Readonly<Record<string, number>> {
    const number = updateNumber(ofStep, lossScale);
    const numbers: Record<string, number> = { rootCorrection2: rootCorrection2(number) };
    if (lossScale !== null) numbers[inverseScaleInput] = 1 / lossScale.scale;
    for (const [key, group] of this.groups) {
      const rates = ratesOf(group, learningRate, this.settings.weightDecay);
      const { decay, minusStep } = adamwFactors(rates, number);
      numbers[`decay:${key}`] = decay;
      numbers[`minusStep:${key}`] = minusStep;
    }
    const share = averageShare ?? 0;
    return this.averaged ? { ...numbers, averageShare: share, averageRest: 1 - share } : numbers;
  }
}

/** (1 − share)·average + share·weights */
export function averageMoved(
  g: Graph,
  average: Value,
  weights: Value,
  { rest, share }: { readonly rest: Value; readonly share: Value },
): Value {
  return node.add(g, node.mul(g, average, rest), node.mul(g, weights, share));
}

/** Σ g²: over one axis after the other, so that few numbers are added one after the other. */
export function sumOfSquares(g: Graph, gradient: Value): Value {
  return gradient.shape.reduceRight(
    (sums, _, axis) => node.reduceSum(g, sums, [axis], false),
    node.mul(g, gradient, gradient),
  );
}

function clippingFactor(g: Graph, norm: Value, { maxGradNorm }: AdamwSettings): Value {
  const longer = node.add(g, norm, node.scalar(g, clippingOffset));
  return node.min(g, node.scalar(g, 1), node.div(g, node.scalar(g, maxGradNorm), longer));
}

/** The part of the graph that is of each parameter. */
class Update {
  private readonly numbers = new Map<string, Value>();

  constructor(
    private readonly g: Graph,
    private readonly scale: Value,
    private readonly averaged: boolean,
  ) {}

  append({ name, shape, group }: OptimizedParameter, clipped: Value): void {
    const { g } = this;
    const input = (array: StateArray): Value => g.input(stateInput(array, name), 'float32', shape);
    const become = (array: StateArray, value: Value): void =>
      g.output(nextOf(stateInput(array, name)), value);
    const constant = (value: number): Value => node.scalar(g, value);
    const [w, m, v] = [input('weights'), input('firstMoment'), input('secondMoment')];
    const gradient = node.mul(g, clipped, this.scale);
    // m' = m + (1 − β₁)·(g − m)
    const m1 = node.add(g, m, node.mul(g, constant(1 - ADAMW.beta1), node.sub(g, gradient, m)));
    // v' = β₂·v + (1 − β₂)·g²
    const square = node.mul(g, node.mul(g, constant(1 - ADAMW.beta2), gradient), gradient);
    const v1 = node.add(g, node.mul(g, v, constant(ADAMW.beta2)), square);
    // w' = (1 − ηλ)·w − η/(1 − β₁ᵗ)·m' / (√v'/√(1 − β₂ᵗ) + ε)
    const root = node.div(g, node.sqrt(g, v1), this.number('rootCorrection2'));
    const step = node.mul(g, this.number(`minusStep:${rateKeyOf(group)}`), m1);
    const moved = node.div(g, step, node.add(g, root, constant(ADAMW.epsilon)));
    const w1 = node.add(g, node.mul(g, w, this.number(`decay:${rateKeyOf(group)}`)), moved);
    become('weights', w1);
    become('firstMoment', m1);
    become('secondMoment', v1);
    if (!this.averaged) return;
    const shares = { rest: this.number('averageRest'), share: this.number('averageShare') };
    become('average', averageMoved(g, input('average'), w1, shares));
  }

  private number(name: string): Value {
    const known = this.numbers.get(name);
    if (known !== undefined) return known;
    const made = this.g.input(name, 'float32', []);
    this.numbers.set(name, made);
    return made;
  }
}
