import { cudaName, processor, webGpu, type DeviceName } from '../../engine/device/device.js';
import { Fault } from '../../errors/fault.js';
import { searchCuda } from '../../worker/devices/cuda-search.js';
import { probeDevice, type Probe } from '../../worker/devices/probe.js';

/** What keeps a device from starting. */
export interface Obstacle {
  readonly what: string;
  readonly remedy?: string;
}

export interface ListedDevice {
  /** `cuda` where not even a card of it is known. */
  readonly device: DeviceName | 'cuda';
  readonly starts: boolean;
  readonly card: string | null;
  readonly driver: string | null;
  readonly memoryBytes: number | null;
  readonly missing: readonly Obstacle[];
}

const nothingKnown = { card: null, driver: null, memoryBytes: null };

/** The devices of this machine, each tried. */
export async function listedDevices(
  probe: Probe = probeDevice,
  search: typeof searchCuda = searchCuda,
): Promise<ListedDevice[]> {
  return [await tried(processor, probe), await tried(webGpu, probe), ...(await cudaDevices(probe, search))];
}

async function tried(device: DeviceName, probe: Probe): Promise<ListedDevice> {
  try {
    const { card } = await probe(device);
    const { name = null, driver = null, memoryBytes = null } = card ?? {};
    return { device, starts: true, card: name, driver, memoryBytes, missing: [] };
  } catch (error) {
    return { device, starts: false, ...nothingKnown, missing: [obstacleOf(error)] };
  }
}

/** Those of CUDA, or what keeps them from starting. */
export async function cudaDevices(probe: Probe, search: typeof searchCuda): Promise<ListedDevice[]> {
  const without = (missing: readonly Obstacle[]): ListedDevice[] => [
    { device: 'cuda', starts: false, ...nothingKnown, missing },
  ];
  try {
    const { parts, cards } = await search();
    const missing = parts
      .filter(({ state }) => state === 'missing')
      .map(({ found, remedy }) => ({ what: found, ...(remedy === undefined ? {} : { remedy }) }));
    if (missing.length > 0) return without(missing);
    if (cards.length === 0) return without([{ what: 'this machine has no card for CUDA' }]);
    const devices: ListedDevice[] = [];
    for (const card of cards.keys()) devices.push(await tried(cudaName(card), probe));
    return devices;
  } catch (error) {
    return without([obstacleOf(error)]);
  }
}

function obstacleOf(error: unknown): Obstacle {
  if (!(error instanceof Fault)) throw error;
  const { what, found, remedy } = error.details;
  return {
    what: found === undefined ? what : `${what} (${found})`,
    ...(remedy === undefined ? {} : { remedy }),
  };
}
