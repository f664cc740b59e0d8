import './software-driver.js';
import { openRuntime } from '../../engine/runtime/open.js';
import type { Provider } from '../../engine/runtime/runtime.js';

const started = await openRuntime()
  .provider('webgpu')
  .catch((fault: unknown) => fault as Error);

/** Tests of a device run where one starts; Mesa's driver in software will do (docs/devices.md). */
export const noWebGpu = started instanceof Error;

/** For the title of what is skipped. */
export const withoutWebGpu = started instanceof Error ? ` (skipped: ${started.message})` : '';

/** WebGPU, where there is a device. */
export function webGpu(): Provider {
  if (started instanceof Error) throw started;
  return started;
}
