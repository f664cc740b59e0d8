import { openRuntime } from '../../runtime/open.js';
import { hasAlikeRuns, webGpu } from '../device.js';
import { ResidentDevice, type Card } from '../resident/device.js';
import { packSizes } from '../resident/packing.js';
import { webGpuCard, webGpuSignature } from './card.js';
import { lowered } from './lowered.js';

/** Every card binds eight buffers to a kernel, of which one is the input. */
const mostOutputs = 7;

/** A card, by the driver that the machine has for it. @throws EnvironmentFault where no device starts */
export async function startWebGpu(threads: number): Promise<ResidentDevice> {
  const runtime = openRuntime('npm');
  const provider = await runtime.provider('webgpu');
  const facts = webGpuCard();
  const signature = webGpuSignature(runtime.version, facts);
  const card: Card = {
    name: webGpu,
    facts,
    signature,
    alikeRuns: hasAlikeRuns(webGpu),
    runtime,
    provider,
    mostOutputs,
    packSizes: packSizes.webgpu,
    kernels: null,
    lower: lowered,
  };
  return new ResidentDevice(card, threads);
}
