import { useCudaOperators } from '../../graph/cuda-operators.js';
import { sizeNodes } from '../../graph/size-nodes.js';
import { modelBytes, type Program } from '../program.js';
import type { LoweredProgram } from '../resident/device.js';

/** What a size fills with a number lies where it is used. */
const filled: ReadonlySet<string> = new Set(['Expand']);

/** Writes a program in operators that CUDA has; it stays as it is. */
export function lowered(program: Program): LoweredProgram {
  const graph = program.graph.copy();
  useCudaOperators(graph);
  return { model: modelBytes({ ...program, graph }), onProcessor: sizeNodes(graph, filled) };
}
