import { chmod, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputFault } from '../errors/fault.js';
import { fileSha256, sha256 } from './digest.js';
import { copyDurably, linkDurably, writeDurably } from './durable-file.js';
import { ArtifactDamaged, ArtifactMissing, errorCode, storageFault } from './faults.js';
import type { ArtifactRef, ArtifactStore } from './store.js';

/**
 * Artifacts as files of a folder: `sha256/ab/ab12…`, each named by the hash of its bytes.
 *
 * A damaged artifact is moved to `damaged/`, so that what made it can put it there anew.
 * Methods throw an EnvironmentFault where the disk is full, read-only or gone.
 */
export class FolderStore implements ArtifactStore {
  /** Files already verified by this process, by path: the state they had then. */
  private readonly verified = new Map<string, string>();

  constructor(readonly folder: string) {}

  async putBytes(bytes: Uint8Array): Promise<ArtifactRef> {
    const ref = reference(sha256(bytes), bytes.byteLength);
    const path = this.pathOf(ref);
    try {
      if (await this.isIntact(ref)) return ref;
      await writeDurably(path, bytes);
      await chmod(path, 0o444);
    } catch (error) {
      throw storageFault(error, path, 'writing an artifact');
    }
    return ref;
  }

  async putFile(source: string, options: { move?: boolean } = {}): Promise<ArtifactRef> {
    try {
      const ref = reference(await fileSha256(source), (await stat(source)).size);
      if (!(await this.isIntact(ref))) await this.take(source, this.pathOf(ref), options.move ?? false);
      else if (options.move) await rm(source);
      return ref;
    } catch (error) {
      throw storageFault(error, this.folder, `taking in ${source}`);
    }
  }

  async getBytes(ref: ArtifactRef): Promise<Uint8Array> {
    // Looked at first: a file of another size than was said is not read into memory.
    const path = await this.localPath(ref);
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch (error) {
      throw this.readFault(error, ref);
    }
    if (sha256(bytes) !== ref.sha256) await this.setAside(ref);
    return bytes;
  }

  async localPath(ref: ArtifactRef): Promise<string> {
    const path = this.pathOf(ref);
    let intact: boolean;
    try {
      intact = await this.verify(path, ref);
    } catch (error) {
      throw this.readFault(error, ref);
    }
    if (!intact) await this.setAside(ref);
    return path;
  }

  async has(ref: ArtifactRef): Promise<boolean> {
    try {
      return await this.isIntact(ref);
    } catch (error) {
      throw storageFault(error, this.pathOf(ref), 'reading an artifact');
    }
  }

  /** Verified by hash; a damaged artifact is set aside and so absent. */
  private async isIntact(ref: ArtifactRef): Promise<boolean> {
    try {
      await this.localPath(ref);
      return true;
    } catch (error) {
      if (error instanceof ArtifactMissing || error instanceof ArtifactDamaged) return false;
      throw error;
    }
  }

  private async verify(path: string, ref: ArtifactRef): Promise<boolean> {
    const { size, mtimeMs, ino } = await stat(path);
    const state = `${size} ${mtimeMs} ${ino}`;
    if (this.verified.get(path) !== state) {
      if ((await fileSha256(path)) !== ref.sha256) return false;
      this.verified.set(path, state);
    }
    if (size === ref.bytes) return true;
    // The artifact is sound; who names it with another size has it from elsewhere.
    throw new InputFault({
      where: ref.uri,
      what: 'the reference says another size than the artifact has',
      found: `${ref.bytes} bytes`,
      expected: `${size} bytes`,
    });
  }

  private async take(source: string, path: string, move: boolean): Promise<void> {
    // Without `move` a copy, not a link: whoever owns the source may go on writing to it.
    await (move ? linkDurably(source, path) : copyDurably(source, path));
    // Run directories hold links to artifacts: an edit there must not reach the store.
    await chmod(path, 0o444);
    if (move) await rm(source);
  }

  private async setAside(ref: ArtifactRef): Promise<never> {
    const path = this.pathOf(ref);
    this.verified.delete(path);
    const aside = join(this.folder, 'damaged', ref.sha256);
    try {
      await mkdir(dirname(aside), { recursive: true });
      await rename(path, aside);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw storageFault(error, path, 'setting a damaged artifact aside');
    }
    throw new ArtifactDamaged({
      where: path,
      what: 'the artifact is damaged',
      expected: `${ref.bytes} bytes with the SHA-256 of its name`,
      remedy: `It was moved to ${aside} and is made again.`,
    });
  }

  private readFault(error: unknown, ref: ArtifactRef): unknown {
    const path = this.pathOf(ref);
    if (errorCode(error) !== 'ENOENT') return storageFault(error, path, 'reading an artifact');
    return new ArtifactMissing({
      where: path,
      what: 'the artifact is not in the store',
      remedy: 'The step that makes it has to run again.',
    });
  }

  private pathOf(ref: ArtifactRef): string {
    // The hash becomes a path, and references may come from outside.
    if (!/^[0-9a-f]{64}$/.test(ref.sha256)) {
      throw new ArtifactMissing({ where: this.folder, what: 'the reference names no SHA-256' });
    }
    return join(this.folder, 'sha256', ref.sha256.slice(0, 2), ref.sha256);
  }
}

function reference(hash: string, bytes: number): ArtifactRef {
  return { uri: `artifact:sha256/${hash}`, sha256: hash, bytes };
}
