/** The entry point `foldwise/activities`: what a worker of your own registers beside its activities. */
import { createServices as create, type ServicesOptions as AllOptions } from '../worker/services.js';
import type { Services } from '../activities/services.js';
import { readEncryptionKeys } from '../payloads/encryption-keys.js';

export { createActivities, type Activities } from '../activities/index.js';
export { workerSettings } from '../worker/worker-settings.js';
export type { Services };

export interface ServicesOptions extends Omit<
  AllOptions,
  'accepts' | 'searchAttributes' | 'encrypted' | 'metrics'
> {
  /** Whether the namespace knows foldwise's search attributes (docs/running.md). Default false. */
  readonly searchAttributes?: boolean;
}

/**
 * What the activities work with: folders below the workdir, which all workers of a queue share, and the engine in child
 * processes. Whoever starts runs has them read from `roots`, and from nowhere else.
 */
export function createServices({ searchAttributes = false, ...options }: ServicesOptions): Services {
  return create({ ...options, searchAttributes, encrypted: readEncryptionKeys() !== null });
}
