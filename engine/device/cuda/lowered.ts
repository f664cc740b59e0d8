import { useCudaOperators } from '../../graph/cuda-operators.js';
import { sizeNodes } from '../../graph/size-nodes.js';
import { modelBytes, type Program } from '../program.js';
import { isRecordable } from './recordable.js';
import type { LoweredProgram } from '../resident/device.js';

/** What a size fills with a number lies where it is used. */
const filled: ReadonlySet<string> = new Set(['Expand']);

/** Runs are not recorded where this is 0: to find out whether a fault is the recordings'. */
export const recordingVariable = 'FOLDWISE_CUDA_GRAPHS';

function mayRecord(): boolean {
  return process.env[recordingVariable] !== '0';
}

/** Writes a program in operators that CUDA has; it stays as it is. */
export function lowered(program: Program): LoweredProgram {
  const graph = program.graph.copy();
  useCudaOperators(graph);
  // Its own Shape leaves a shape in the processor's memory; the processor's would have the value copied there.
  const shapes = new Set(
    graph.nodes.flatMap(({ op, outputs }) => (op === 'Shape' ? [outputs[0]!.name] : [])),
  );
  const onProcessor = new Set([...sizeNodes(graph, filled)].filter((name) => !shapes.has(name)));
  const recordable = mayRecord() && isRecordable(graph, onProcessor);
  return { model: modelBytes({ ...program, graph }), onProcessor, recordable };
}
