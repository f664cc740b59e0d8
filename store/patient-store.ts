import { setTimeout as delay } from 'node:timers/promises';
import { EnvironmentFault } from '../errors/fault.js';
import { ArtifactDamaged, ArtifactMissing } from './faults.js';
import type { ArtifactRef, ArtifactStore, TakeOptions } from './store.js';

/** Pauses before a call is made again, in milliseconds. */
const pauses = [50, 250, 1_000];

/**
 * A store whose calls are made again when they fail: an activity makes many, and a store that fails now
 * and then would otherwise fail every attempt of it. What lasts longer is left to the activity's retries.
 */
export class PatientStore implements ArtifactStore {
  constructor(private readonly store: ArtifactStore) {}

  putBytes(bytes: Uint8Array): Promise<ArtifactRef> {
    return patiently(() => this.store.putBytes(bytes));
  }

  putFile(path: string, options?: TakeOptions): Promise<ArtifactRef> {
    return patiently(() => this.store.putFile(path, options));
  }

  getBytes(ref: ArtifactRef): Promise<Uint8Array> {
    return patiently(() => this.store.getBytes(ref));
  }

  localPath(ref: ArtifactRef): Promise<string> {
    return patiently(() => this.store.localPath(ref));
  }

  has(ref: ArtifactRef): Promise<boolean> {
    return patiently(() => this.store.has(ref));
  }
}

async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (const pause of pauses) {
    try {
      return await call();
    } catch (error) {
      if (!mayPass(error)) throw error;
      await delay(pause);
    }
  }
  return call();
}

/** A lost artifact stays lost until what made it runs again. */
function mayPass(error: unknown): boolean {
  if (error instanceof ArtifactMissing || error instanceof ArtifactDamaged) return false;
  return error instanceof EnvironmentFault;
}
