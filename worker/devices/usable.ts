import { automatic, type DeviceChoice } from '../../engine/device/choice.js';
import { processor, type DeviceName } from '../../engine/device/device.js';
import { EnvironmentFault, Fault } from '../../errors/fault.js';
import { cudaCards } from './cuda-search.js';
import { probeDevice, theProcessor, type Probe, type UsableDevice } from './probe.js';

export interface UsableOptions {
  readonly probe?: Probe;
  /** The cards that `auto` is to try. Default: those of CUDA, where its provider has been fetched. */
  readonly candidates?: () => Promise<readonly DeviceName[]>;
  /** Told what `auto` passed over, and why. */
  readonly onMessage?: (message: string) => void;
}

/**
 * The devices that are asked for, each found to start.
 *
 * Where it is left open, those are CUDA's cards, or else the processor. WebGPU is none that is taken unasked: nothing
 * tells beforehand whether a driver computes float32 as it should, and that of most machines also draws their screen.
 *
 * @throws DeviceUnusable for one that was named and does not start: another one never takes its place
 */
export async function usableDevices(
  choice: DeviceChoice,
  { probe = probeDevice, candidates = cudaCards, onMessage = () => undefined }: UsableOptions = {},
): Promise<readonly UsableDevice[]> {
  if (choice !== automatic) return inTurn(choice, probe);
  const found: UsableDevice[] = [];
  for (const name of await candidatesOf(candidates, onMessage)) {
    try {
      found.push(await probe(name));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      onMessage(`${error.message} (left out: no device was asked for by name)`);
    }
  }
  return found.length === 0 ? [theProcessor] : found;
}

/** What cannot even be looked for is passed over, and told. */
async function candidatesOf(
  candidates: () => Promise<readonly DeviceName[]>,
  onMessage: (message: string) => void,
): Promise<readonly DeviceName[]> {
  try {
    return await candidates();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    onMessage(`${error.message} (left out: no device was asked for by name)`);
    return [];
  }
}

/** One after the other: drivers that start at once are a trial of their own. */
async function inTurn(names: readonly DeviceName[], probe: Probe): Promise<UsableDevice[]> {
  const found: UsableDevice[] = [];
  for (const name of names) found.push(await probe(name));
  return found;
}

/**
 * What decides the bits of a device. The processor is there beside every card.
 *
 * @throws EnvironmentFault for a device that is not among them
 */
export function signatureOn(usable: readonly UsableDevice[], device: string, threads: number): string {
  const found = [...usable, theProcessor].find(({ name }) => name === device);
  if (found !== undefined) return found.signature(threads);
  throw new EnvironmentFault({ where: `device ${device}`, what: 'this worker does not have it' });
}

/** A device in words: its name, and the card behind it. */
export function deviceWords({ name, card }: Pick<UsableDevice, 'name' | 'card'>): string {
  if (name === processor) return 'the processor';
  if (card === null) return `${name} (a card that the system does not tell)`;
  const memory = card.memoryBytes === null ? '' : `, ${(card.memoryBytes / 2 ** 30).toFixed(1)} GiB`;
  return `${name} (${card.name}${memory}${card.isSoftware ? '; a driver in software' : ''})`;
}
