import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cudaName, type DeviceName } from '../../engine/device/device.js';
import type { CudaFindings } from '../../engine/device/cuda/findings.js';
import { cudaBuilds, cudaFolder } from '../../engine/runtime/cuda-library.js';
import { EnvironmentFault, type Fault } from '../../errors/fault.js';
import { askChild, type FailedReply, type RequestReply } from '../request-process.js';
import { deviceChild, type ProbeOptions } from './probe.js';

/** A request of the devices' process (device-child.ts), besides that to start one. */
export interface CudaSearchRequest {
  readonly look: 'cuda';
}

export type CudaSearchReply = RequestReply<CudaFindings>;

/** Looks for all that CUDA needs, in a process of its own: it loads the driver. */
export function searchCuda({
  onOutput,
  signal,
  script = deviceChild,
}: ProbeOptions = {}): Promise<CudaFindings> {
  const where = 'CUDA';
  const faultOf = ({ details, message }: FailedReply): Fault =>
    new EnvironmentFault(details ?? { where, what: message });
  const request: CudaSearchRequest = { look: 'cuda' };
  return askChild<CudaFindings>(script, request, { where, kind: 'engine', onOutput, signal, faultOf });
}

/** Whether somebody has fetched the provider: nothing else of CUDA is looked for where nobody has. */
export function hasCudaProvider(): boolean {
  const build = cudaBuilds[`${process.platform}/${process.arch}`];
  return build !== undefined && existsSync(join(cudaFolder(), build.provider.name));
}

/** The cards that CUDA reaches, where its provider has been fetched. */
export async function cudaCards(search: typeof searchCuda = searchCuda): Promise<readonly DeviceName[]> {
  if (!hasCudaProvider()) return [];
  const { cards } = await search();
  return cards.map((_, card) => cudaName(card));
}
