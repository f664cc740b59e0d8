import { InputFault } from '../../../errors/fault.js';
import { cudaBuild } from '../../runtime/cuda-library.js';
import { openRuntime } from '../../runtime/open.js';
import { cudaName, hasAlikeRuns } from '../device.js';
import { ResidentDevice, type Card } from '../resident/device.js';
import { mostPartsOnCuda, packSizes } from '../resident/packing.js';
import { openDriver, type CudaCard } from './driver.js';
import { loadLibraries } from './libraries.js';
import { lowered } from './lowered.js';

/**
 * A card that CUDA reaches.
 *
 * @param number in CUDA's order, as CUDA_VISIBLE_DEVICES leaves it
 * @throws EnvironmentFault where something of CUDA is missing; RuntimeFault where its provider has not been fetched, or
 * is another; InputFault where the machine has no card of that number
 */
export async function startCuda(number: number, threads: number): Promise<ResidentDevice> {
  // Where there is none for the platform, nothing else is to be installed.
  cudaBuild();
  const facts = cardOf(number);
  const versions = loadLibraries();
  const runtime = openRuntime('cuda');
  const provider = await runtime.provider('cuda', number);
  const signature = cudaSignature(runtime.version, facts, versions);
  const name = cudaName(number);
  const card: Card = {
    name,
    facts,
    signature,
    alikeRuns: hasAlikeRuns(name),
    runtime,
    provider,
    mostOutputs: mostPartsOnCuda,
    packSizes: packSizes.cuda,
    kernels: async () => {
      const { CudaKernels } = await import('./kernels.js');
      return new CudaKernels({ number, addressOf: (value) => provider.placeOf(value) });
    },
    lower: lowered,
  };
  return new ResidentDevice(card, threads);
}

/** How a step is computed there, where that decides bits: the shapes of batches and the order of sums. */
const stepForm = 'steps 3';

/** What decides the bits that a card gives. */
export function cudaSignature(
  runtimeVersion: string,
  { name, capability, driver }: CudaCard,
  versions: readonly string[],
): string {
  const parts = [`onnxruntime ${runtimeVersion}`, 'cuda', stepForm, `${name} (${capability})`];
  return [...parts, driver, ...versions].join(', ');
}

function cardOf(number: number): CudaCard {
  const { cards } = openDriver();
  const card = cards[number];
  if (card !== undefined) return card;
  throw new InputFault({
    where: `device ${cudaName(number)}`,
    what:
      cards.length === 0 ? 'this machine has no card for CUDA' : 'this machine has no card of that number',
    found:
      cards.length === 0 ? 'none' : cards.map(({ name }, place) => `${cudaName(place)} (${name})`).join(', '),
    remedy: 'Name one that is there; CUDA_VISIBLE_DEVICES may hide others.',
  });
}
