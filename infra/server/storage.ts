import { storageFault } from '../../store/faults.js';

/** A failed call of the file system under a command, which ends of it. */
export function hostStorageFault(error: unknown, where: string, doing: string): unknown {
  return storageFault(error, where, doing, 'then run the command again');
}
