import { openRuntime } from '../../runtime/open.js';
import { webGpu } from '../device.js';
import { ResidentDevice } from '../resident/device.js';
import { webGpuCard, webGpuSignature } from './card.js';
import { lowered } from './lowered.js';

/** A card, by the driver that the machine has for it. @throws EnvironmentFault where no device starts */
export async function startWebGpu(threads: number): Promise<ResidentDevice> {
  const runtime = openRuntime('npm');
  const provider = await runtime.provider('webgpu');
  const facts = webGpuCard();
  const signature = webGpuSignature(runtime.version, facts);
  return new ResidentDevice({ name: webGpu, facts, signature, runtime, provider, lower: lowered }, threads);
}
