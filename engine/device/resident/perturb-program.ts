import { Graph, type Value } from '../../graph/graph.js';
import * as node from '../../graph/nodes.js';
import type { PerturbationSettings } from '../../optim/perturbation.js';
import { programOf, type Program } from '../program.js';
import { gradientOf } from './gradient-program.js';
import { putTogether, takenApart } from './pack-nodes.js';
import type { Pack } from './packing.js';
import { inverseScaleInput, sumOfSquares } from './update-program.js';

/** The output that is the perturbed copy of a pack. */
export function perturbedOf(pack: string): string {
  return `perturbed:${pack}`;
}

/** Whether there is a perturbed copy of it. */
export function hasPerturbed({ members }: Pack): boolean {
  return members.some(({ group }) => group.perturbed);
}

/** A shorter gradient has no direction. */
const shortest = 1e-30;

/**
 * Makes the perturbed copies of packs, as the processor makes those of parameters (cpu/perturb.ts): each parameter by
 * its own norms. What is not perturbed is in them as it is.
 *
 * @param scaled whether the gradients have a loss scale @param mostOutputs of a node
 */
export function perturbProgram(
  packs: readonly Pack[],
  settings: PerturbationSettings,
  scaled: boolean,
  mostOutputs: number,
): Program {
  const graph = new Graph();
  const inverse = scaled ? graph.input(inverseScaleInput, 'float32', []) : null;
  for (const pack of packs.filter(hasPerturbed)) {
    const { name, shape, members } = pack;
    const weights = graph.input(name, 'float32', shape);
    const given = graph.input(gradientOf(name), 'float32', shape);
    const gradient = inverse === null ? given : node.mul(graph, given, inverse);
    if (members.length === 1) {
      graph.output(perturbedOf(name), perturbed(graph, weights, gradient, settings));
      continue;
    }
    const [of, by] = [weights, gradient].map((packed) => takenApart(graph, packed, pack, mostOutputs));
    const moved = members.map(({ group }, place) => {
      const [w, g] = [of![place]!, by![place]!];
      return group.perturbed ? perturbed(graph, w, g, settings) : w;
    });
    graph.output(perturbedOf(name), putTogether(graph, moved, pack));
  }
  return programOf(graph, 'perturb');
}

/** w + ε·g/‖g‖, or w + r, no entry of r beyond ±ε·|w|, with r = rate·‖w‖·g/‖g‖ */
function perturbed(g: Graph, weights: Value, gradient: Value, { fgm, awp }: PerturbationSettings): Value {
  const norm = (x: Value): Value => node.sqrt(g, sumOfSquares(g, x));
  const length = awp === null ? node.scalar(g, fgm) : node.mul(g, norm(weights), node.scalar(g, awp.rate));
  const steepness = node.max(g, norm(gradient), node.scalar(g, shortest));
  const step = node.mul(g, gradient, node.div(g, length, steepness));
  if (awp === null) return node.add(g, weights, step);
  const most = node.mul(g, node.abs(g, weights), node.scalar(g, awp.epsilon));
  return node.add(g, weights, node.min(g, node.max(g, step, node.neg(g, most)), most));
}
