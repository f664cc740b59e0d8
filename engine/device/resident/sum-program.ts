import { Graph } from '../../graph/graph.js';
import * as node from '../../graph/nodes.js';
import { programOf, type Program } from '../program.js';
import type { OptimizedParameter } from '../training-program.js';
import { gradientOf } from './gradient-program.js';

/** The input that is a batch's share of its step. */
export const shareInput = 'share';

/** The input that is a gradient of the batch. */
export function batchOf(gradient: string): string {
  return `batch:${gradient}`;
}

/** The output that is what a sum of gradients becomes. */
export function sumOf(gradient: string): string {
  return `sum:${gradient}`;
}

/**
 * Adds the gradients of a batch, by its share, to those of the batches before it in a step.
 *
 * @param isFirst whether there are none before it
 */
export function sumProgram(parameters: readonly OptimizedParameter[], isFirst: boolean): Program {
  const graph = new Graph();
  const share = graph.input(shareInput, 'float32', []);
  for (const { name, shape } of parameters) {
    const gradient = gradientOf(name);
    const scaled = node.mul(graph, graph.input(batchOf(gradient), 'float32', shape), share);
    const sum = isFirst ? scaled : node.add(graph, graph.input(gradient, 'float32', shape), scaled);
    graph.output(sumOf(gradient), sum);
  }
  return programOf(graph, 'sum');
}
