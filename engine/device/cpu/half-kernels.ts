import type { DType } from '../../graph/dtype.js';
import type { Node } from '../../graph/graph.js';
import { computeInFloat32 } from '../../graph/in-float32.js';
import type { Program } from '../program.js';

/** The operators that ONNX Runtime has on the processor in two bytes: of bfloat16 not all that move entries. */
const kernels: ReadonlyMap<DType, ReadonlySet<string>> = new Map([
  [
    'float16',
    new Set([
      ...['Cast', 'Shape', 'Reshape', 'Transpose', 'Slice', 'Pad', 'Concat', 'Split', 'Gather', 'Expand'],
    ]),
  ],
  ['bfloat16', new Set(['Cast', 'Shape'])],
]);

/**
 * A program whose operators in two bytes are written as those in float32 between casts. ONNX Runtime would do that
 * itself for want of kernels, but takes its casts for free of charge: it drops them beside those of the graph, and
 * nothing would be rounded. One without such operators is given back as it is.
 */
export function withHalfKernels(program: Program): Program {
  const lacks = ({ op, inputs }: Node): boolean =>
    inputs.some((value) => value !== null && kernels.get(value.type)?.has(op) === false);
  if (!program.graph.nodes.some(lacks)) return program;
  const graph = program.graph.copy();
  computeInFloat32(graph, new Set(kernels.keys()), lacks);
  return { ...program, graph };
}
