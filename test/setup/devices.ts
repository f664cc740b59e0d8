import type { Graph } from '../../engine/graph/graph.js';
import { toOnnx } from '../../engine/graph/onnx.js';
import { sizeNodes } from '../../engine/graph/size-nodes.js';
import { useWebGpuOperators } from '../../engine/graph/webgpu-operators.js';
import { openRuntime } from '../../engine/runtime/open.js';
import type { Session } from '../../engine/runtime/runtime.js';
import { noWebGpu, webGpu, withoutWebGpu } from './webgpu.js';

/** Where the same tests run. */
export interface TestDevice {
  readonly name: string;
  /** Whether no such device starts here; `without` says why, for titles. */
  readonly missing: boolean;
  readonly without: string;
  /** Of the graph in the device's operators: it may change the graph. */
  session(graph: Graph, name: string): Promise<Session>;
}

export const onProcessor: TestDevice = {
  name: 'the processor',
  missing: false,
  without: '',
  session: (graph, name) => openRuntime().createSession(toOnnx(graph, name), { threads: 1 }),
};

export const onWebGpu: TestDevice = {
  name: 'WebGPU',
  missing: noWebGpu,
  without: withoutWebGpu,
  session: (graph, name) => {
    useWebGpuOperators(graph);
    const on = { provider: webGpu(), onProcessor: sizeNodes(graph) };
    return openRuntime().createSession(toOnnx(graph, name), { threads: 1, on });
  },
};

/** What of WebGPU can be tested anywhere: the operators it is given. */
const inItsOperators: TestDevice = {
  ...onProcessor,
  name: 'the processor, written for WebGPU,',
  session: (graph, name) => {
    useWebGpuOperators(graph);
    return onProcessor.session(graph, name);
  },
};

export const testDevices = [onProcessor, inItsOperators, onWebGpu];
