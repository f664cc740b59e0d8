import { Graph } from '../../graph/graph.js';
import { programOf, type Program } from '../program.js';
import type { OptimizedParameter } from '../training-program.js';
import { averageMoved, nextOf, stateInput } from './update-program.js';

/** Moves averages towards the weights as they are, as the update does towards those that it has moved. */
export function averageProgram(parameters: readonly OptimizedParameter[]): Program {
  const graph = new Graph();
  const rest = graph.input('averageRest', 'float32', []);
  const share = graph.input('averageShare', 'float32', []);
  for (const { name, shape } of parameters) {
    const average = graph.input(stateInput('average', name), 'float32', shape);
    const weights = graph.input(stateInput('weights', name), 'float32', shape);
    graph.output(nextOf(stateInput('average', name)), averageMoved(graph, average, weights, { rest, share }));
  }
  return programOf(graph, 'average');
}
