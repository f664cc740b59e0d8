import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from './digest.js';
import { writeDurably } from './durable-file.js';
import { errorCode, storageFault } from './faults.js';
import type { ArtifactRef, ArtifactStore } from './store.js';

/** What a step gave, filed under its key. */
export interface KeyRecord {
  readonly key: string;
  readonly activity: string;
  /** The run that made it. */
  readonly run: string;
  /** The execution of a workflow that made it; absent in records of earlier versions. */
  readonly execution?: string;
  /** The activity's output, as it travelled. */
  readonly output: unknown;
}

/** The outputs of finished steps by key: what makes reuse possible. */
export class KeyIndex {
  constructor(
    private readonly folder: string,
    private readonly store: ArtifactStore,
  ) {}

  /**
   * The record of a key; null where there is none, where it is damaged, or where an artifact that it
   * refers to is missing or damaged: the step then runs again.
   */
  async find(key: string): Promise<KeyRecord | null> {
    const record = await this.read(key);
    if (record === null) return null;
    for (const ref of artifactsOf(record.output)) {
      if (!(await this.store.has(ref))) return null;
    }
    return record;
  }

  async record(record: KeyRecord): Promise<void> {
    const path = this.pathOf(record.key);
    const body = JSON.stringify(record);
    try {
      await writeDurably(path, JSON.stringify({ sha256: sha256(body), body }));
    } catch (error) {
      throw storageFault(error, path, "recording a step's output");
    }
  }

  async forget(key: string): Promise<void> {
    await rm(this.pathOf(key), { force: true });
  }

  private async read(key: string): Promise<KeyRecord | null> {
    const path = this.pathOf(key);
    try {
      const { sha256: hash, body } = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
      if (typeof body !== 'string' || sha256(body) !== hash) return null;
      const record = JSON.parse(body) as KeyRecord;
      return record.key === key ? record : null;
    } catch (error) {
      if (error instanceof SyntaxError || errorCode(error) === 'ENOENT') return null;
      throw storageFault(error, path, "looking up a step's output");
    }
  }

  private pathOf(key: string): string {
    if (!/^[0-9a-f]{64}$/.test(key)) throw new RangeError('a step key is a SHA-256 in hex');
    return join(this.folder, key.slice(0, 2), `${key}.json`);
  }
}

/** Every artifact reference anywhere inside a JSON value. */
export function artifactsOf(value: unknown): ArtifactRef[] {
  if (typeof value !== 'object' || value === null) return [];
  return isArtifactRef(value) ? [value] : Object.values(value).flatMap(artifactsOf);
}

function isArtifactRef(value: object): value is ArtifactRef {
  return 'uri' in value && 'sha256' in value && 'bytes' in value;
}
