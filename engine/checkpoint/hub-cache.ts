import { createHash, randomUUID, type Hash } from 'node:crypto';
import { copyFile, mkdir, open, rename, rm, stat, symlink, type FileHandle } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { EnvironmentFault } from '../../errors/fault.js';
import { chooseModelFiles } from './model-files.js';
import { modelFiles } from './model-folder.js';
import { readBoundedFile } from './regular-file.js';

/** A file as the hub lists it; one of the hashes, where the hub gives one, must be that of the bytes. */
export interface RemoteFile {
  readonly path: string;
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256?: string;
  /** Git's SHA-1 of a blob, hexadecimal. */
  readonly gitHash?: string;
}

/** Downloads are bounded by what was announced; no file name of the hub reaches further than this. */
const plainName = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/**
 * One repository's part of Hugging Face's cache, in the layout that its other tools share:
 * `blobs/<hash>`, `snapshots/<commit>/<file>` linking there, `refs/main` holding the commit.
 */
export class HubCache {
  readonly #folder: string;

  /** @param cacheDirectory by default HF_HUB_CACHE, else `hub` in HF_HOME, else in ~/.cache/huggingface */
  constructor(repo: string, cacheDirectory = defaultCacheDirectory()) {
    this.#folder = join(cacheDirectory, ['models', ...repo.split('/')].join('--'));
  }

  /** The snapshot that main points to, if it holds all that loading needs. */
  async find(): Promise<string | undefined> {
    const bytes = await readBoundedFile(join(this.#folder, 'refs/main'), 100).catch(() => '');
    const commit = bytes.toString();
    if (!/^[0-9a-f]{40}\s*$/.test(commit)) return undefined;
    const folder = this.snapshot(commit.trim());
    return (await isComplete(folder)) ? folder : undefined;
  }

  snapshot(commit: string): string {
    return join(this.#folder, 'snapshots', commit);
  }

  async setBranch(commit: string): Promise<void> {
    await this.#writeWhole(join(this.#folder, 'refs/main'), async (handle) => {
      await handle.writeFile(commit);
    });
  }

  /** Puts a file into a commit's snapshot, downloading it unless its bytes are there already. */
  async store(
    commit: string,
    file: RemoteFile,
    openStream: () => Promise<AsyncIterable<Uint8Array>>,
    onBytes: (bytes: number) => void,
  ): Promise<void> {
    if (!plainName.test(file.path)) throw damaged(file, 'a plain file name', 'another');
    const pointer = join(this.snapshot(commit), file.path);
    const digest = file.sha256 ?? file.gitHash ?? '';
    // Without a hash from the hub the blob cannot be shared, and lies in the snapshot itself.
    const blob = /^[0-9a-f]{40,64}$/.test(digest) ? join(this.#folder, 'blobs', digest) : pointer;
    if (!(await hasSize(blob, file.size))) {
      await this.#writeWhole(blob, async (handle) => {
        await copyStream(await openStream(), handle, file, onBytes);
      });
    }
    if (blob !== pointer) await link(blob, pointer);
    onBytes(file.size);
  }

  /** Under a temporary name until it is whole, checked and flushed. */
  async #writeWhole(path: string, write: (handle: FileHandle) => Promise<void>): Promise<void> {
    const temporary = `${path}.${randomUUID()}.incomplete`;
    await mkdir(dirname(path), { recursive: true });
    try {
      const handle = await open(temporary, 'wx');
      try {
        await write(handle);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }
}

function defaultCacheDirectory(): string {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = process.env;
  const home = HF_HOME ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'huggingface');
  return HF_HUB_CACHE ?? HUGGINGFACE_HUB_CACHE ?? join(home, 'hub');
}

async function isComplete(folder: string): Promise<boolean> {
  const files = await modelFiles(folder).catch(() => []);
  const { config, weights, tokenizer } = chooseModelFiles(files);
  const present = await Promise.all(files.map((file) => hasSize(join(folder, file))));
  return config && weights !== undefined && tokenizer !== undefined && present.every(Boolean);
}

async function hasSize(path: string, size?: number): Promise<boolean> {
  return stat(path).then(
    (status) => status.isFile() && (size === undefined || status.size === size),
    () => false,
  );
}

async function copyStream(
  stream: AsyncIterable<Uint8Array>,
  handle: FileHandle,
  file: RemoteFile,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const hash = hashOf(file);
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > file.size) break;
    hash.update(chunk);
    await handle.writeFile(chunk);
    onBytes(bytes);
  }
  if (bytes !== file.size) throw damaged(file, `${file.size} bytes`, bytes > file.size ? 'more' : `${bytes}`);
  const expected = file.sha256 ?? file.gitHash;
  const found = hash.digest('hex');
  if (expected !== undefined && found !== expected) throw damaged(file, `hash ${expected}`, found);
}

function hashOf({ sha256, gitHash, size }: RemoteFile): Hash {
  if (sha256 === undefined && gitHash !== undefined) return createHash('sha1').update(`blob ${size}\0`);
  return createHash('sha256');
}

/** A relative link, so that the cache can be moved; a copy where links are not allowed. */
async function link(blob: string, pointer: string): Promise<void> {
  const temporary = `${pointer}.${randomUUID()}.incomplete`;
  await mkdir(dirname(pointer), { recursive: true });
  await symlink(relative(dirname(pointer), blob), temporary).catch(() => copyFile(blob, temporary));
  await rename(temporary, pointer);
}

function damaged(file: RemoteFile, expected: string, found: string): EnvironmentFault {
  return new EnvironmentFault({
    where: file.path,
    what: 'the hub sent something else than it announced',
    expected,
    found,
    remedy: 'Run again to download it again.',
  });
}
