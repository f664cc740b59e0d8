import type { DeviceName } from '../engine/device/device.js';
import type { Cell } from '../pipeline/matrix.js';
import type { LookupCall, StepCall } from './contracts.js';
import { anyDevice, devicesToFind, onDevice } from './devices.js';
import { keyOf } from './identity.js';
import type { TrainedFold } from './outputs.js';
import { record, reuse } from './recorded.js';
import type { Services } from './services.js';

type FoldCall = (StepCall<unknown> | LookupCall) & Cell;

export interface FinishedFold {
  /** That under which it is recorded; where it is not, the first that was looked at. */
  readonly key: string;
  /** Null where it has to be trained. */
  readonly output: TrainedFold | null;
}

/**
 * Looks for a fold that has been trained on any device that counts here (see `devicesToFind`): with several unlike ones
 * in a worker or on a queue, chance decides which of them gets a fold, and neither another attempt nor a run that is
 * started again must train it on another.
 *
 * @param first the device that would train it
 */
export async function finishedFold(
  services: Services,
  call: FoldCall,
  first?: DeviceName,
): Promise<FinishedFold> {
  let missed: string | undefined;
  for await (const key of keysToFind(services, call, first)) {
    const output = await reuse(services, 'trainFold', key, call);
    if (output !== null) return { key, output };
    missed ??= key;
  }
  return { key: missed!, output: null };
}

/** The keys under which a fold may be filed that counts here, best first, each once. */
export async function* keysToFind(
  services: Services,
  call: FoldCall,
  first?: DeviceName,
): AsyncGenerator<string> {
  const seen = new Set<string>();
  for (const device of devicesToFind(services, first)) {
    const key = await keyOf(services, 'trainFold', onDevice(call, device));
    if (!seen.has(key)) yield key;
    seen.add(key);
  }
}

/** Files a fold under its key, and for those who have other devices. @param call on the device that trained it */
export async function recordFold(
  services: Services,
  key: string,
  call: StepCall<unknown> & Cell,
  made: TrainedFold,
): Promise<TrainedFold> {
  const output = await record(services, 'trainFold', key, call, made);
  const known = await keyOf(services, 'trainFold', onDevice(call, anyDevice));
  await record(services, 'trainFold', known, call, output);
  return output;
}
