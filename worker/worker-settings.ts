import type { WorkerOptions } from '@temporalio/worker';
import { readablePayloads } from './readable-payloads.js';

/** What every worker of our activities needs, whoever makes it. */
export const workerSettings = {
  dataConverter: { payloadCodecs: [readablePayloads] },
  // Folds write their checkpoint at once.
  shutdownGraceTime: 0,
  // Heartbeats show progress, and bring word of a cancellation.
  maxHeartbeatThrottleInterval: '2s',
  defaultHeartbeatThrottleInterval: '2s',
} satisfies Partial<WorkerOptions>;
