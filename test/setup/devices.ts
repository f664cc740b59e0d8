import { modelBytes, programOf } from '../../engine/device/program.js';
import { lowered } from '../../engine/device/webgpu/lowered.js';
import type { Graph } from '../../engine/graph/graph.js';
import { openRuntime } from '../../engine/runtime/open.js';
import type { Session } from '../../engine/runtime/runtime.js';
import { noWebGpu, webGpu, withoutWebGpu } from './webgpu.js';

/** Where the same tests run. */
export interface TestDevice {
  readonly name: string;
  /** Whether no such device starts here; `without` says why, for titles. */
  readonly missing: boolean;
  readonly without: string;
  /** Of the graph in the device's operators. */
  session(graph: Graph, name: string): Promise<Session>;
}

export const onProcessor: TestDevice = {
  name: 'the processor',
  missing: false,
  without: '',
  session: (graph, name) => openRuntime().createSession(modelBytes(programOf(graph, name)), { threads: 1 }),
};

export const onWebGpu: TestDevice = {
  name: 'WebGPU',
  missing: noWebGpu,
  without: withoutWebGpu,
  session: (graph, name) => {
    const { model, onProcessor } = lowered(programOf(graph, name));
    return openRuntime().createSession(model, { threads: 1, on: { provider: webGpu(), onProcessor } });
  },
};

/** What of WebGPU can be tested anywhere: the operators it is given. */
const inItsOperators: TestDevice = {
  ...onProcessor,
  name: 'the processor, written for WebGPU,',
  session: (graph, name) =>
    openRuntime().createSession(lowered(programOf(graph, name)).model, { threads: 1 }),
};

export const testDevices = [onProcessor, inItsOperators, onWebGpu];
