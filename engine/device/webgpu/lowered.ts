import { sizeNodes } from '../../graph/size-nodes.js';
import { useWebGpuOperators } from '../../graph/webgpu-operators.js';
import { modelBytes, type Program } from '../program.js';
import type { LoweredProgram } from '../resident/device.js';

/** Writes a program in operators that WebGPU has; it stays as it is. */
export function lowered(program: Program): LoweredProgram {
  const graph = program.graph.copy();
  useWebGpuOperators(graph);
  return { model: modelBytes({ ...program, graph }), onProcessor: sizeNodes(graph), recordable: false };
}
