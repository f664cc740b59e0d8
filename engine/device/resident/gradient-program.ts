import type { Graph, Value } from '../../graph/graph.js';
import * as node from '../../graph/nodes.js';
import { programOf, type Program } from '../program.js';
import type { TrainingProgram } from '../training-program.js';

/** The output, and the input of what goes on from it, that is the gradient of a parameter. */
export function gradientOf(parameter: string): string {
  return `gradient:${parameter}`;
}

/**
 * A training program that gives every gradient whole, `gradientOf` each: the rows that were looked up of a table are
 * added up in it.
 */
export function gradientProgram({ graph: recorded, name, early, ...program }: TrainingProgram): Program {
  const graph = recorded.copy();
  const outputs = new Map(graph.outputs.map((output) => [output.name, output.value]));
  const outputNamed = (output: string): Value => outputs.get(output) as Value;
  graph.outputs.length = 0;
  graph.output('loss', outputNamed('loss'));
  for (const { parameter, output } of program.gradients)
    graph.output(gradientOf(parameter), outputNamed(output));
  for (const { name: table, ids, rows } of program.tables) {
    const { shape } = program.parameters.find((parameter) => parameter.name === table)!;
    const input = graph.inputs.find((each) => each.name === ids)!;
    graph.output(gradientOf(table), rowsAddedUp(graph, input, outputNamed(rows), shape[0] as number));
  }
  return programOf(graph, name, early);
}

/**
 * Row r of the result is the sum of the rows whose id is r: of a product with ones and zeros, so that no two of them
 * are added in a race.
 *
 * @param ids int64 `[tokens]` @param rows `[tokens, width]`
 */
function rowsAddedUp(g: Graph, ids: Value, rows: Value, count: number): Value {
  const wanted = node.reshape(g, node.cast(g, ids, 'int32'), [1, ids.shape[0]!]);
  const numbers = g.constant(
    'int32',
    [count, 1],
    Array.from({ length: count }, (_, row) => row),
  );
  const [taken] = g.node('Equal', [numbers, wanted], [{ type: 'bool', shape: [count, ids.shape[0]!] }]);
  return node.matMul(g, node.cast(g, taken!, 'float32'), rows);
}
