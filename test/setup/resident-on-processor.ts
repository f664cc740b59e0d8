import { withHalfKernels } from '../../engine/device/cpu/half-kernels.js';
import { zeros } from '../../engine/device/element-arrays.js';
import { modelBytes, type Program } from '../../engine/device/program.js';
import { packSizes, type PackSizes } from '../../engine/device/resident/packing.js';
import { ResidentDevice, type LoweredProgram } from '../../engine/device/resident/device.js';
import { useCudaOperators } from '../../engine/graph/cuda-operators.js';
import { sizeNodes } from '../../engine/graph/size-nodes.js';
import { elementCount, elements } from '../../engine/runtime/elements.js';
import { openRuntime } from '../../engine/runtime/open.js';
import type { Provider, Runtime, Tensor, View } from '../../engine/runtime/runtime.js';
import { nativeValue } from '../../engine/runtime/value.js';
import { kernelsOnProcessor } from './fake-card/kernels-on-processor.js';

/**
 * A device with memory of its own whose memory is the processor's, and which computes there: what a card of CUDA is
 * given (graphs, updates, copies) through the interface that it is given it by.
 *
 * @param sizes default: CUDA's
 * @param draws whether it draws dropout masks, as on CUDA, or the processor does, as for WebGPU
 */
export function residentOnProcessor(
  threads: number,
  { sizes = packSizes.cuda, draws = true }: { readonly sizes?: PackSizes; readonly draws?: boolean } = {},
): Promise<ResidentDevice> {
  const runtime = openRuntime();
  const view: View = (of, type, shape, byteOffset) => {
    const { buffer, byteOffset: begin } = (of as Tensor).data;
    const data = new elements[type].array(buffer, begin + byteOffset, elementCount(shape));
    return runtime.tensor(type, shape, data);
  };
  const provider: Provider = {
    name: 'cuda',
    placeOf: (value) => nativeValue('place', value).place,
    allocate: (type, shape) => {
      const data = zeros({ type, shape });
      // What a device's tensor holds at first is not defined: whoever reads it before it was written is found.
      if (data instanceof Float32Array) data.fill(NaN);
      return Promise.resolve(runtime.tensor(type, shape, data));
    },
    copy: (pairs) => {
      for (const [from, to] of pairs) (to as Tensor).data.set((from as Tensor).data as never);
      return Promise.resolve();
    },
    view: draws ? view : null,
  };
  const own: Runtime = Object.assign(Object.create(runtime) as Runtime, {
    createSession: (...[model, { on, ...options }]: Parameters<Runtime['createSession']>) => {
      if (on?.provider !== provider) throw new TypeError('a session of another provider');
      return runtime.createSession(model, options);
    },
  });
  const signature = `onnxruntime ${runtime.version}, the processor in the place of a card`;
  const kernels = kernelsOnProcessor((value) => provider.placeOf(value));
  const card = {
    name: 'cuda:0',
    facts: null,
    signature,
    alikeRuns: true,
    runtime: own,
    provider,
    mostOutputs: 32,
    packSizes: sizes,
    kernels: kernels === null ? null : () => Promise.resolve(kernels),
    lower: lowered,
  } as const;
  return Promise.resolve(new ResidentDevice(card, threads));
}

/** As a card of CUDA is given it, with what the processor does not have in two bytes in float32 between casts. */
function lowered(program: Program): LoweredProgram {
  const graph = program.graph.copy();
  useCudaOperators(graph);
  const half = withHalfKernels({ ...program, graph });
  return { model: modelBytes(half), onProcessor: sizeNodes(half.graph), recordable: false };
}
