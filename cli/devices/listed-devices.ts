import { cudaName, kindOfDevice, processor, webGpu, type DeviceName } from '../../engine/device/device.js';
import { Fault } from '../../errors/fault.js';
import { searchCuda } from '../../worker/devices/cuda-search.js';
import { probeDevice, type Probe, type UsableDevice } from '../../worker/devices/probe.js';

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

/** A device as it was found when it was tried; one that does not start cannot be used. */
export interface TriedDevice {
  readonly listed: ListedDevice;
  readonly usable: UsableDevice | null;
}

/** The devices of this machine, each tried. */
export async function listedDevices(
  probe: Probe = probeDevice,
  search: typeof searchCuda = searchCuda,
): Promise<ListedDevice[]> {
  const [cpu, card] = [await tried(processor, probe), await tried(webGpu, probe)];
  return [cpu.listed, card.listed, ...(await cudaDevices(probe, search))];
}

/** One that is named. */
export async function triedDevice(
  name: DeviceName,
  probe: Probe = probeDevice,
  search: typeof searchCuda = searchCuda,
): Promise<TriedDevice> {
  if (kindOfDevice(name) !== 'cuda') return tried(name, probe);
  const { missing } = await lookedFor(search);
  return missing.length === 0 ? tried(name, probe) : { listed: without(name, missing), usable: null };
}

async function tried(device: DeviceName, probe: Probe): Promise<TriedDevice> {
  try {
    const usable = await probe(device);
    return { listed: startedDevice(usable), usable };
  } catch (error) {
    return { listed: without(device, [obstacleOf(error)]), usable: null };
  }
}

/** One that is known to start. */
export function startedDevice({ name: device, card }: UsableDevice): ListedDevice {
  const { name = null, driver = null, memoryBytes = null } = card ?? {};
  return { device, starts: true, card: name, driver, memoryBytes, missing: [] };
}

function without(device: ListedDevice['device'], missing: readonly Obstacle[]): ListedDevice {
  return { device, starts: false, ...nothingKnown, missing };
}

/** Those of CUDA, or what keeps them from starting. */
export async function cudaDevices(probe: Probe, search: typeof searchCuda): Promise<ListedDevice[]> {
  const { missing, cards } = await lookedFor(search);
  if (missing.length > 0) return [without('cuda', missing)];
  if (cards === 0) return [without('cuda', [{ what: 'this machine has no card for CUDA' }])];
  const devices: ListedDevice[] = [];
  for (let card = 0; card < cards; card++) devices.push((await tried(cudaName(card), probe)).listed);
  return devices;
}

/** What CUDA lacks here, and how many cards it reaches. */
async function lookedFor(
  search: typeof searchCuda,
): Promise<{ readonly missing: readonly Obstacle[]; readonly cards: number }> {
  try {
    const { parts, cards } = await search();
    const missing = parts
      .filter(({ state }) => state === 'missing')
      .map(({ found, remedy }) => ({ what: found, ...(remedy === undefined ? {} : { remedy }) }));
    return { missing, cards: cards.length };
  } catch (error) {
    return { missing: [obstacleOf(error)], cards: 0 };
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
