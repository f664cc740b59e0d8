import { dirname, join } from 'node:path';
import type { Api } from './api.js';
import { cudaBuild } from './cuda-library.js';
import { cell, pointee, type Address } from './native.js';
import { NativeOptions, type ProviderEnvironment, type ProviderKind } from './provider-kind.js';

/** As ONNX Runtime calls the provider, and its memory. */
const provider = 'CUDAExecutionProvider';
const memory = 'Cuda';

/** Nodes whose names hold one of a list go to the processor; the provider itself has no such option. */
const placementKey = 'session.name_based_layer_assignment';

const arenaAllocator = 1;
const defaultMemory = 0;
const asItSeesFit = -1;

/** cudaErrorMemoryAllocation, CUBLAS_STATUS_ALLOC_FAILED, and what the arena says. */
const outOfMemory = /Failed to allocate memory for requested buffer|CUDA failure 2:|CUBLAS failure 3:/;

/** A launch that failed leaves the process no use of the card. */
const failed = /(?:CUDA|CUBLAS|CUDNN) failure \d+:/;

export const cudaKind: ProviderKind = {
  title: 'CUDA',
  memory,
  hasViews: true,
  expected: "NVIDIA's driver and CUDA 13",
  remedy: '`foldwise devices` says what is missing; docs/devices.md says how to set it up.',
  prepare: (environment, card, once) => {
    once('copies', () => registerCopies(environment));
    // A card that is not there is refused here; making an arena of it would end the process.
    withOptions(environment.api, new NativeOptions(optionsOf(card, {})), () => undefined);
    once(`arena ${card}`, () => shareArena(environment, card));
  },
  optionsOf,
  append: (api, session, options, onProcessor) => {
    // Of a kernel that has a way that is repeatable and one that is not, the first.
    api.setDeterministic(session, true);
    if (onProcessor.size > 0)
      api.addSessionConfig(session, placementKey, `cpu(${[...onProcessor].join(',')})`);
    withOptions(api, options, (cuda) => api.appendCuda(session, cuda));
    return Promise.resolve();
  },
  deviceFault: (message) => {
    if (outOfMemory.test(message)) return 'memory';
    return failed.test(message) ? 'lost' : null;
  },
};

function optionsOf(
  card: number,
  { recorded = false }: { readonly recorded?: boolean },
): Readonly<Record<string, string>> {
  return {
    device_id: String(card),
    ...(recorded && { enable_cuda_graph: '1' }),
    // float32 is float32: else products would be rounded to 10 bits.
    use_tf32: '0',
  };
}

/** @throws RuntimeFault for options that the provider does not take */
function withOptions(
  api: Api,
  { keys, values, count }: NativeOptions,
  use: (options: Address) => void,
): void {
  const options = made((out) => api.createCudaOptions(out));
  try {
    api.updateCudaOptions(options, keys, values, count);
    use(options);
  } finally {
    api.releaseCudaOptions(options);
  }
}

/** A provider that sessions alone know copies for them alone: registered with the environment, it does so for all. */
function registerCopies({ api, env, library }: ProviderEnvironment): void {
  const path = join(dirname(library), cudaBuild().provider.name);
  // Windows takes paths in UTF-16.
  const encoding = process.platform === 'win32' ? 'utf16le' : 'utf8';
  api.registerProviderLibrary(env, provider, Buffer.from(`${path}\0`, encoding));
}

/** One arena for all sessions of a card: each would else keep the most that it ever took, beside those of others. */
function shareArena({ api, env }: ProviderEnvironment, card: number): void {
  const { keys, values, count } = new NativeOptions({ device_id: String(card) });
  const info = made((out) => api.createNamedMemoryInfo(memory, arenaAllocator, card, defaultMemory, out));
  const arena = made((out) => api.createArena(0, asItSeesFit, asItSeesFit, asItSeesFit, out));
  try {
    api.registerProviderAllocator(env, provider, info, arena, keys, values, count);
  } finally {
    api.releaseArena(arena);
  }
}

function made(make: (out: ReturnType<typeof cell>) => void): Address {
  const out = cell();
  make(out);
  return pointee(out);
}
