import { webGpu } from '../../engine/device/device.js';
import { searchCuda } from '../../worker/devices/cuda-search.js';
import { probeDevice, type Probe } from '../../worker/devices/probe.js';
import { thisMachine } from '../../worker/machine.js';
import { deviceWords } from '../../worker/devices/usable.js';
import { sharesOf } from '../../worker/shares.js';
import { cudaDevices, triedDevice, type ListedDevice } from '../devices/listed-devices.js';
import type { Check } from './check.js';

/** What `--device` can name here, one check for each kind. */
export async function deviceChecks(
  probe: Probe = probeDevice,
  search: typeof searchCuda = searchCuda,
): Promise<Check[]> {
  const ofCuda = await cudaDevices(probe, search);
  return [processorCheck(), await webGpuCheck(probe), ...ofCuda.map(cudaCheck)];
}

/** Of a card, or of what is missing for any: foldwise works without it. */
function cudaCheck({ device, starts, card, driver, missing }: ListedDevice): Check {
  const name = `device ${device}`;
  if (starts)
    return { name, state: 'fine', found: `starts: ${card ?? 'a card'}, driver ${driver ?? 'unknown'}` };
  if (missing.length > 1)
    return {
      name,
      state: 'note',
      found: `not set up: ${missing.length} things are missing`,
      remedy: 'Where the machine has a card of NVIDIA, `foldwise devices` lists them, and what to do.',
    };
  return withoutDevice(name, missing);
}

/** In the words that `foldwise devices` has. */
function withoutDevice(name: string, missing: ListedDevice['missing']): Check {
  const [remedy] = missing.flatMap((obstacle) => obstacle.remedy ?? []);
  const found = missing.map(({ what }) => what).join('; ');
  return { name, state: 'note', found, ...(remedy === undefined ? {} : { remedy }) };
}

function processorCheck(): Check {
  const { slots, threads } = sharesOf({}, thisMachine());
  const folds = slots === 1 ? 'one fold' : `${slots} folds`;
  return {
    name: 'device cpu',
    state: 'fine',
    found: `trains ${folds} at once, with ${threads === 1 ? 'one thread' : `${threads} threads`} each`,
  };
}

/** Whether WebGPU starts, and on which card: foldwise works without it. */
async function webGpuCheck(probe: Probe): Promise<Check> {
  const name = `device ${webGpu}`;
  const { usable, listed } = await triedDevice(webGpu, probe);
  if (usable === null) return withoutDevice(name, listed.missing);
  const driver = usable.card === null ? '' : `; driver ${usable.card.driver}`;
  const found = `starts: ${deviceWords(usable)}${driver}`;
  if (usable.card?.isSoftware === true)
    return {
      name,
      state: 'note',
      found,
      remedy: 'A driver in software is for trials: the processor is faster.',
    };
  return { name, state: 'fine', found: `${found}; --device ${webGpu} uses it` };
}
