import { readFile, rm, stat, utimes } from 'node:fs/promises';
import { InputFault } from '../errors/fault.js';
import { isYoung } from './ages.js';
import { fileSha256, sha256 } from './digest.js';
import { linkOrCopy } from './durable-file.js';
import { ArtifactDamaged, ArtifactMissing, storageFault } from './faults.js';
import type { LocalFile, LocalFiles } from './local-files.js';
import type { ObjectStore } from './objects/object-store.js';
import type { ArtifactRef, ArtifactStore, TakeOptions } from './store.js';
import { Sweeps } from './sweeps.js';
import { temporaryName } from './temporary-file.js';

/**
 * Artifacts as objects: `store/sha256/ab/ab12…`, each named by the hash of its bytes.
 *
 * A damaged artifact is moved to `store/damaged/`, so that what made it can put it there anew.
 * Whoever puts one will refer to it, so one that was there already and is not young is written anew: nobody removes
 * it then (see ages.ts and `Sweeps`). Methods throw an EnvironmentFault where the storage fails.
 */
export class Artifacts implements ArtifactStore {
  constructor(
    private readonly objects: ObjectStore,
    private readonly files: LocalFiles,
    private readonly sweeps = new Sweeps(objects),
  ) {}

  async putBytes(bytes: Uint8Array): Promise<ArtifactRef> {
    const ref = reference(sha256(bytes), bytes.byteLength);
    await this.keep(ref, (name) => this.objects.put(name, bytes));
    return ref;
  }

  async putFile(source: string, { move = false, sha256 }: TakeOptions = {}): Promise<ArtifactRef> {
    let ref: ArtifactRef;
    try {
      ref = reference(sha256 ?? (await fileSha256(source)), (await stat(source)).size);
    } catch (error) {
      throw storageFault(error, this.objects.place, `taking in ${source}`);
    }
    const name = nameOf(ref);
    // Without `move` a copy, not a link: whoever owns the source may go on writing to it.
    const isLinked = move && this.files.own(name) !== null;
    await this.keep(ref, () =>
      isLinked ? this.link(ref, source) : this.objects.put(name, { path: source }),
    );
    if (move) await this.files.take(name, ref.sha256, source);
    return ref;
  }

  async getBytes(ref: ArtifactRef): Promise<Uint8Array> {
    // Looked at first: a file of another size than was said is not read into memory.
    const file = await this.verified(ref);
    let bytes: Uint8Array;
    try {
      bytes = await readFile(file.path);
    } catch (error) {
      throw storageFault(error, file.path, 'reading an artifact');
    }
    if (sha256(bytes) !== ref.sha256) await this.setAside(ref, file);
    return bytes;
  }

  async localPath(ref: ArtifactRef): Promise<string> {
    return (await this.verified(ref)).path;
  }

  /** Verified by hash where that is at hand, else by its size: to look for it does not bring it here. */
  async has(ref: ArtifactRef): Promise<boolean> {
    const name = nameOf(ref);
    if (this.files.own(name) === null) return (await this.objects.stat(name))?.bytes === ref.bytes;
    try {
      await this.verified(ref);
      return true;
    } catch (error) {
      if (error instanceof ArtifactMissing || error instanceof ArtifactDamaged) return false;
      throw error;
    }
  }

  /** Until it is there after nobody was about to remove it: see `Sweeps`. */
  private async keep(ref: ArtifactRef, put: (name: string) => Promise<unknown>): Promise<void> {
    const name = nameOf(ref);
    for (let isKept = await this.isKept(ref, name); ;) {
      if (!isKept) await put(name);
      const waited = await this.sweeps.passed(name);
      isKept = await this.isKept(ref, name);
      if (isKept && !waited) return;
    }
  }

  private async isKept(ref: ArtifactRef, name: string): Promise<boolean> {
    if (this.files.own(name) !== null && !(await this.has(ref))) return false;
    const facts = await this.objects.stat(name);
    return facts?.bytes === ref.bytes && isYoung(this.objects.now(), facts.modified);
  }

  /** Gives the store a second name of a file, which stays here. */
  private async link(ref: ArtifactRef, source: string): Promise<void> {
    const name = nameOf(ref);
    const path = temporaryName(source);
    try {
      await linkOrCopy(source, path);
      await utimes(path, new Date(), new Date());
      await this.objects.put(name, { path, move: true });
      await this.files.linked(name, ref.sha256, source);
    } catch (error) {
      throw storageFault(error, this.objects.place, `taking in ${source}`);
    } finally {
      await rm(path, { force: true });
    }
  }

  private async verified(ref: ArtifactRef): Promise<LocalFile> {
    const file = await this.files.verified(nameOf(ref), ref.sha256).catch((error: unknown) => {
      throw storageFault(error, this.placeOf(nameOf(ref)), 'reading an artifact');
    });
    if (file === null) {
      throw new ArtifactMissing({
        where: this.placeOf(nameOf(ref)),
        what: 'the artifact is not in the store',
        remedy: 'The step that makes it has to run again.',
      });
    }
    if (!file.intact) return this.setAside(ref, file);
    if (file.bytes === ref.bytes) return file;
    // The artifact is sound; who names it with another size has it from elsewhere.
    throw new InputFault({
      where: ref.uri,
      what: 'the reference says another size than the artifact has',
      found: `${ref.bytes} bytes`,
      expected: `${file.bytes} bytes`,
    });
  }

  private async setAside(ref: ArtifactRef, file: LocalFile): Promise<never> {
    const name = nameOf(ref);
    const aside = `store/damaged/${ref.sha256}`;
    try {
      await this.objects.put(aside, { path: file.path, move: true });
      // Of a folder the file was the object itself.
      if (this.files.own(name) === null) await this.objects.delete(name);
    } catch (error) {
      // Another one may have set it aside meanwhile.
      if ((await this.objects.stat(name)) !== null) throw error;
    }
    throw new ArtifactDamaged({
      where: this.placeOf(name),
      what: 'the artifact is damaged',
      expected: `${ref.bytes} bytes with the SHA-256 of its name`,
      remedy: `It was moved to ${this.placeOf(aside)} and is made again.`,
    });
  }

  private placeOf(name: string): string {
    return `${this.objects.place}/${name}`;
  }
}

/** The name of an artifact's object. @throws ArtifactMissing for a reference that names no hash */
function nameOf(ref: ArtifactRef): string {
  // References may come from outside.
  if (!/^[0-9a-f]{64}$/.test(ref.sha256)) {
    throw new ArtifactMissing({ where: 'an artifact', what: 'the reference names no SHA-256' });
  }
  return `store/sha256/${ref.sha256.slice(0, 2)}/${ref.sha256}`;
}

function reference(hash: string, bytes: number): ArtifactRef {
  return { uri: `artifact:sha256/${hash}`, sha256: hash, bytes };
}
