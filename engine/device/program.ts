import { sizeOfInput, type Graph } from '../graph/graph.js';
import { toOnnx } from '../graph/onnx.js';

/** A graph to be compiled, which nobody changes any more: a device that writes it in other operators takes a copy. */
export interface Program {
  readonly name: string;
  readonly graph: Graph;
  /** Whether nodes run as early as they can (graph/onnx.ts). */
  readonly early: boolean;
  /** The named sizes that the host feeds, as inputs `dim:<name>`, int64 `[1]`. */
  readonly dims: readonly string[];
}

/** @param early default false */
export function programOf(graph: Graph, name: string, early = false): Program {
  return { name, graph, early, dims: dimsOf(graph.inputs.map((input) => input.name)) };
}

/** The named sizes among inputs. */
export function dimsOf(inputs: readonly string[]): string[] {
  return inputs.flatMap((name) => sizeOfInput(name) ?? []);
}

/** As an ONNX model, in the operators that it was recorded in. */
export function modelBytes({ graph, name, early }: Program): Uint8Array {
  return toOnnx(graph, name, early);
}
