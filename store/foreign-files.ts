import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { EnvironmentFault, InputFault } from '../errors/fault.js';
import { sha256 } from './digest.js';
import { makeFolder, writeDurably } from './durable-file.js';
import { errorCode, storageFault } from './faults.js';
import { FileCache, type FileCacheOptions } from './file-cache.js';
import type { ObjectStore } from './objects/object-store.js';
import { s3Object, uriOf, type S3Object } from './s3/address.js';
import type { ForeignObjects } from './s3/foreign-objects.js';
import { sealed, unsealed } from './sealed-json.js';
import { sha256Schema } from './store.js';
import { temporaryName } from './temporary-file.js';

/** What an object was when all of its bytes were read. */
const notedSchema = z.object({ version: z.string(), bytes: z.int().min(0), sha256: sha256Schema });
type Noted = Readonly<z.output<typeof notedSchema>>;

const mostNoteBytes = 10_000;

/** A download that takes longer than this and what so slow a link takes is given up. */
const patienceMs = 10 * 60_000;
const leastBytesPerMs = 50;

/**
 * Objects of others as files of this machine, in the cache of a store elsewhere (see `FileCache`). An object is
 * read once for each version that it has: what hash a version's bytes have is noted beside the files, by the
 * address, and holds for as long as the server names the same version and length. A version of S3 is a hash of
 * the bytes itself, so that one which comes back has the bytes that it had.
 */
export class ForeignFiles {
  private readonly cache: FileCache;
  private readonly asking = new Map<string, Promise<Noted>>();

  /** @param folder that of the cache */
  constructor(
    private readonly objects: Pick<ForeignObjects, 'stat' | 'get'>,
    private readonly folder: string,
    options: FileCacheOptions = {},
  ) {
    const get: ObjectStore['get'] = (uri, { range } = {}) => objects.get(s3Object(uri)!, range);
    this.cache = new FileCache({ get }, folder, options);
  }

  /** SHA-256 of the bytes that it has now. @throws InputFault for one that is larger, or cannot be read */
  async digest(object: S3Object, mostBytes: number): Promise<string> {
    return (await this.known(object, mostBytes)).sha256;
  }

  /** A file with the bytes that it has now; read-only. */
  async file(
    object: S3Object,
    mostBytes: number,
  ): Promise<{ readonly path: string; readonly sha256: string }> {
    const { sha256 } = await this.known(object, mostBytes);
    const file = await this.cache.verified(uriOf(object), sha256);
    if (file?.intact === true) return { path: file.path, sha256 };
    // It was removed here meanwhile, and brought again.
    throw new EnvironmentFault({ where: uriOf(object), what: 'it was replaced while it was being read' });
  }

  /** Those who ask at once wait for one answer. */
  private known(object: S3Object, mostBytes: number): Promise<Noted> {
    const uri = uriOf(object);
    const asked = this.asking.get(uri);
    const asking = asked ?? this.look(object, mostBytes).finally(() => this.asking.delete(uri));
    this.asking.set(uri, asking);
    return asking.then((noted) => {
      requireSize(uri, noted.bytes, mostBytes);
      return noted;
    });
  }

  private async look(object: S3Object, mostBytes: number): Promise<Noted> {
    const noted = await this.noted(object);
    if (noted !== null) {
      const facts = await this.objects.stat(object);
      if (facts?.version === noted.version && facts.bytes === noted.bytes) return noted;
    }
    return this.bring(object, mostBytes);
  }

  private async bring(object: S3Object, mostBytes: number): Promise<Noted> {
    const { version, bytes, stream } = await this.objects.get(object);
    const uri = uriOf(object);
    const path = temporaryName(join(this.folder, 'partial', 'table'));
    const hash = createHash('sha256');
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), patienceMs + bytes / leastBytesPerMs);
    try {
      await makeFolder(join(this.folder, 'partial'));
      requireSize(uri, bytes, mostBytes);
      requireSize(uri, bytes, await this.cache.room(), 'A larger cache takes it: FOLDWISE_CACHE_GIB.');
      const hashed = async function* (parts: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
        for await (const part of parts) {
          hash.update(part);
          yield part;
        }
      };
      await pipeline(stream, hashed, createWriteStream(path), { signal: late.signal });
      const noted = { version, bytes, sha256: hash.digest('hex') };
      await this.cache.take(uri, noted.sha256, path);
      await writeDurably(this.noteOf(object), sealed(noted));
      return noted;
    } catch (error) {
      if (late.signal.aborted) throw tooSlow(uri, bytes);
      throw storageFault(error, this.folder, `bringing ${uri} here`);
    } finally {
      clearTimeout(timer);
      stream.destroy();
      await rm(path, { force: true });
    }
  }

  private async noted(object: S3Object): Promise<Noted | null> {
    const path = this.noteOf(object);
    try {
      if ((await stat(path)).size > mostNoteBytes) return null;
      return unsealed(await readFile(path), notedSchema);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return null;
      throw storageFault(error, path, 'reading what was noted of a table');
    }
  }

  private noteOf(object: S3Object): string {
    return join(this.folder, 'tables', `${sha256(uriOf(object))}.json`);
  }
}

function requireSize(where: string, bytes: number, mostBytes: number, remedy?: string): void {
  if (bytes <= mostBytes) return;
  throw new InputFault({
    where,
    what: 'the table is too large',
    found: `${bytes} bytes`,
    expected: `at most ${Math.floor(mostBytes)} bytes`,
    ...(remedy === undefined ? {} : { remedy }),
  });
}

function tooSlow(where: string, bytes: number): EnvironmentFault {
  return new EnvironmentFault({
    where,
    what: 'it takes too long to bring it here',
    found: `less than ${leastBytesPerMs} kB a second of ${bytes} bytes`,
    remedy: 'Look at the network.',
  });
}
