import type { Api } from './api.js';
import { cell, pointee, type Address } from './native.js';
import { recordPlacement } from './placement.js';
import { NativeProvider } from './provider.js';
import type { SessionOptions } from './runtime.js';

const sequential = 0;
const allOptimizations = 99;

/** The options of a session as the C API takes them; the caller releases them. */
export async function sessionOptions(
  api: Api,
  { threads, externalFolder, on }: SessionOptions,
): Promise<Address> {
  const out = cell();
  api.createSessionOptions(out);
  const options = pointee(out);
  try {
    api.setIntraOpThreads(options, threads);
    api.setInterOpThreads(options, 1);
    api.setExecutionMode(options, sequential);
    api.setOptimization(options, allOptimizations);
    // The shapes change from batch to batch: a plan made for one would only hold memory for another.
    api.disableMemoryPattern(options);
    // What is recorded has an arena of its own (`ProviderOptions.recorded`).
    if (on?.recorded !== true) api.addSessionConfig(options, 'session.use_env_allocators', '1');
    if (externalFolder !== undefined) {
      api.addSessionConfig(options, 'session.model_external_initializers_file_folder_path', externalFolder);
    }
    if (on !== undefined) {
      recordPlacement(api, options);
      await NativeProvider.of(on.provider).append(options, on);
    }
    return options;
  } catch (fault) {
    api.releaseSessionOptions(options);
    throw fault;
  }
}
