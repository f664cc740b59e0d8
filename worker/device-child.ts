import { openDevice } from '../engine/device/open.js';
import type { CudaSearchReply, CudaSearchRequest } from './devices/cuda-search.js';
import type { DeviceReply, DeviceRequest } from './devices/probe.js';
import { leave, leaveWithParent, send, showLife, tellable } from './parent-watch.js';

/** A driver that takes longer hangs. */
const startSeconds = 120;

/**
 * The process in which a device is started to see whether it does, or what CUDA needs is looked for: a driver may end
 * the process that it is in.
 */
async function answer(request: DeviceRequest | CudaSearchRequest): Promise<void> {
  try {
    await tell({ type: 'phase', phase: 'starting', patienceSeconds: startSeconds, silent: true });
    if ('look' in request) {
      const { cudaFindings } = await import('../engine/device/cuda/findings.js');
      await tell({ type: 'done', value: cudaFindings() });
    } else {
      const { signature, card } = await openDevice(request.name, { threads: 1 });
      await tell({ type: 'done', value: { signature, card } });
    }
  } catch (error) {
    await tell({ type: 'failed', ...tellable(error) });
  }
  // Not by an exit: what a driver does then is of no concern to the answer.
  leave();
}

function tell(reply: DeviceReply | CudaSearchReply): Promise<void> {
  return send(reply);
}

leaveWithParent();
showLife();
process.on('message', (request: DeviceRequest | CudaSearchRequest) => void answer(request));
