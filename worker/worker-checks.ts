import type { NativeConnection } from '@temporalio/worker';
import { access, constants, statfs } from 'node:fs/promises';
import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { Services } from '../activities/services.js';
import type { DiskSpace } from './metrics/worker-metrics.js';
import type { Check } from './readiness.js';

/** With less on the disk of the workdir nothing new should be begun: a checkpoint of a base-sized model has 1.3 GB. */
const leastFreeBytes = 2 ** 30;

const serverMs = 2_500;

/** No artifact has this hash: looking for it says whether the store answers. */
const noArtifact = {
  uri: `artifact:sha256/${'0'.repeat(64)}`,
  sha256: '0'.repeat(64),
  bytes: 0,
};

export interface CheckedWorker {
  readonly connection: NativeConnection;
  readonly workdir: string;
  readonly store: Services['store'];
  /** Whether all its pollers ask for work. */
  readonly polls: () => boolean;
}

/** What makes a worker ready, by what it concerns. */
export function workerChecks({ connection, workdir, store, polls }: CheckedWorker): Record<string, Check> {
  return {
    server: async () => {
      await connection.withDeadline(Date.now() + serverMs, () =>
        connection.workflowService.getSystemInfo({}),
      );
      return null;
    },
    queues: () => (polls() ? null : 'not all of them are asked for work'),
    store: async () => {
      await access(join(workdir, '.foldwise'), constants.W_OK);
      await store.has(noArtifact);
      return null;
    },
    disk: async () => {
      const { bavail, bsize } = await statfs(workdir);
      return bavail * bsize < leastFreeBytes ? 'it is nearly full' : null;
    },
  };
}

/** Of the file system that a folder is on; null where it does not say. */
export function diskSpaceAt(folder: string): DiskSpace | null {
  try {
    const { blocks, bavail, bsize } = statfsSync(folder);
    return { bytes: blocks * bsize, freeBytes: bavail * bsize };
  } catch {
    return null;
  }
}
