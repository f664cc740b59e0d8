import { readFile, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { LocalFiles } from '../../store/local-files.js';
import { requireObjectName, requireObjectPrefix } from '../../store/objects/object-name.js';
import type {
  Leftovers,
  ListedObject,
  ObjectContent,
  ObjectFacts,
  ObjectSource,
  ObjectStore,
  ObjectVersion,
} from '../../store/objects/object-store.js';

/** Objects of a place that is not this machine. What is done to them takes effect between two pauses. */
export class MemoryObjects implements ObjectStore {
  readonly place = 'memory://';
  readonly held = new Map<
    string,
    { readonly bytes: Uint8Array; readonly version: ObjectVersion; readonly modified: number }
  >();
  /** Names of what was read. */
  readonly read: string[] = [];
  /** Names of what was written. */
  readonly written: string[] = [];
  private writes = 0;

  /** By its clock, which a test may set. */
  now: () => number = Date.now;

  constructor(private readonly pause: () => Promise<void> = () => Promise.resolve()) {}

  async stat(name: string): Promise<ObjectFacts | null> {
    await this.pause();
    const found = this.held.get(requireObjectName(name));
    if (found === undefined) return null;
    const { bytes, version, modified } = found;
    return { bytes: bytes.length, version, modified };
  }

  async get(name: string): Promise<ObjectContent | null> {
    await this.pause();
    const found = this.held.get(requireObjectName(name));
    await this.pause();
    if (found === undefined) return null;
    this.read.push(name);
    const { bytes, version } = found;
    return { bytes: bytes.length, version, stream: Readable.from([bytes], { objectMode: false }) };
  }

  async put(name: string, source: ObjectSource): Promise<ObjectVersion> {
    return (await this.write(name, source, () => true))!;
  }

  putIfAbsent(name: string, source: ObjectSource): Promise<ObjectVersion | null> {
    return this.write(name, source, () => !this.held.has(name));
  }

  putIfMatch(name: string, version: ObjectVersion, source: ObjectSource): Promise<ObjectVersion | null> {
    return this.write(name, source, () => this.held.get(name)?.version === version);
  }

  async *list(prefix: string): AsyncIterable<ListedObject> {
    await this.pause();
    const names = [...this.held.keys()].filter((name) => name.startsWith(requireObjectPrefix(prefix)));
    for (const name of names) {
      await this.pause();
      const found = this.held.get(name);
      if (found !== undefined) yield { name, bytes: found.bytes.length, modified: found.modified };
    }
  }

  async delete(name: string): Promise<void> {
    await this.pause();
    this.held.delete(requireObjectName(name));
  }

  leftovers(): Promise<Leftovers> {
    return Promise.resolve({ objects: 0, bytes: 0 });
  }

  private async write(name: string, source: ObjectSource, may: () => boolean): Promise<ObjectVersion | null> {
    const bytes = source instanceof Uint8Array ? source : await readFile(source.path);
    await this.pause();
    if (!may()) return null;
    const version = String(++this.writes);
    this.held.set(requireObjectName(name), { bytes, version, modified: this.now() });
    this.written.push(name);
    await this.pause();
    if (!(source instanceof Uint8Array) && source.move === true) await rm(source.path);
    return version;
  }
}

/** Of a store whose objects are no files of this machine. Nothing but checkpoints is read through it. */
export const filesElsewhere: LocalFiles = {
  own: () => null,
  verified: () => Promise.reject(new Error('none is kept here')),
  linked: () => Promise.resolve(),
  take: (_name, _sha256, path) => rm(path, { force: true }),
  trim: () => Promise.resolve({ objects: 0, bytes: 0 }),
};
