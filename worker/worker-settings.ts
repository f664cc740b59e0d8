import type { WorkerOptions } from '@temporalio/worker';
import { dataConverterOf } from '../payloads/data-converter.js';
import { readEncryptionKeys } from '../payloads/encryption-keys.js';

/** What every worker of our activities needs, whoever makes it. Payloads are encrypted where the environment has keys. */
export const workerSettings = {
  get dataConverter() {
    return dataConverterOf(readEncryptionKeys());
  },
  // Folds write their checkpoint at once.
  shutdownGraceTime: 0,
  // Heartbeats show progress, and bring word of a cancellation.
  maxHeartbeatThrottleInterval: '2s',
  defaultHeartbeatThrottleInterval: '2s',
} satisfies Partial<WorkerOptions>;
