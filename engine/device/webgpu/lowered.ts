import { sizeNodes } from '../../graph/size-nodes.js';
import { useWebGpuOperators } from '../../graph/webgpu-operators.js';
import { modelBytes, type Program } from '../program.js';

/** A program as ONNX Runtime takes it for WebGPU. */
export interface LoweredProgram {
  readonly model: Uint8Array;
  /** Names of the nodes that compute sizes, which are the processor's. */
  readonly onProcessor: ReadonlySet<string>;
}

/** Writes a program in operators that WebGPU has; it stays as it is. */
export function lowered(program: Program): LoweredProgram {
  const graph = program.graph.copy();
  useWebGpuOperators(graph);
  return { model: modelBytes({ ...program, graph }), onProcessor: sizeNodes(graph) };
}
