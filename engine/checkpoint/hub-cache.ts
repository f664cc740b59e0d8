import { copyFile, rename, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { EnvironmentFault } from '../../errors/fault.js';
import { makeFolder, writeDurably } from '../../store/durable-file.js';
import { sweepTemporaryFiles, temporaryName } from '../../store/temporary-file.js';
import type { RemoteFile } from './hub-download.js';
import { isCommit } from './hub-name.js';
import { chooseModelFiles } from './model-files.js';
import { modelFiles } from './model-folder.js';
import { PartialFile, recoverParts } from './partial-file.js';
import { readBoundedFile } from './regular-file.js';

/** Downloads are bounded by what was announced; no file name of the hub reaches further than this. */
const plainName = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/**
 * One repository's part of Hugging Face's cache, in the layout that its other tools share:
 * `blobs/<hash>`, `snapshots/<commit>/<file>` linking there, `refs/main` holding the commit.
 */
export class HubCache {
  readonly #folder: string;

  constructor(repository: string, cacheDirectory: string) {
    this.#folder = join(cacheDirectory, ['models', ...repository.split('/')].join('--'));
  }

  /** The snapshot that a revision points to, if it holds all that loading needs. */
  async find(revision: string): Promise<string | undefined> {
    const commit = isCommit(revision) ? revision : await this.#recorded(revision);
    if (commit === undefined) return undefined;
    const folder = this.snapshot(commit);
    return (await isComplete(folder)) ? folder : undefined;
  }

  async #recorded(revision: string): Promise<string | undefined> {
    const bytes = await readBoundedFile(this.#reference(revision), 100).catch(() => '');
    const commit = bytes.toString().trim();
    return isCommit(commit) ? commit : undefined;
  }

  snapshot(commit: string): string {
    return join(this.#folder, 'snapshots', commit);
  }

  /** Records the commit of a branch or tag; a commit needs no record. */
  async record(revision: string, commit: string): Promise<void> {
    if (revision !== commit) await writeDurably(this.#reference(revision), commit);
  }

  #reference(revision: string): string {
    return join(this.#folder, 'refs', ...revision.split('/'));
  }

  /** Clears away what killed processes have left, but for parts of the files that are wanted. */
  async recover(wanted: readonly RemoteFile[]): Promise<void> {
    const digests = wanted.flatMap(({ digest }) => digest?.hex ?? []);
    await recoverParts(join(this.#folder, 'blobs'), new Set(digests));
    await sweepTemporaryFiles(this.#folder);
  }

  /**
   * Puts a file into a commit's snapshot, unless its bytes are there already.
   *
   * @param fetch makes the partial file whole
   */
  async store(
    commit: string,
    file: RemoteFile,
    fetch: (partial: PartialFile) => Promise<void>,
  ): Promise<void> {
    if (!plainName.test(file.path)) throw odd(file);
    const pointer = join(this.snapshot(commit), file.path);
    // Without a hash from the hub the blob cannot be shared, and lies in the snapshot itself.
    const blob = file.digest === undefined ? pointer : join(this.#folder, 'blobs', file.digest.hex);
    if (!(await hasSize(blob, file.size))) await fetchWhole(blob, fetch);
    if (blob !== pointer) await link(blob, pointer);
  }
}

async function fetchWhole(path: string, fetch: (partial: PartialFile) => Promise<void>): Promise<void> {
  const partial = await PartialFile.of(path);
  try {
    await fetch(partial);
  } catch (error) {
    await partial.leave();
    throw error;
  }
  await partial.finish();
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

/** A relative link, so that the cache can be moved; a copy where links are not allowed. */
async function link(blob: string, pointer: string): Promise<void> {
  const temporary = temporaryName(pointer);
  await makeFolder(dirname(pointer));
  await symlink(relative(dirname(pointer), blob), temporary).catch(() => copyFile(blob, temporary));
  await rename(temporary, pointer);
}

function odd({ path }: RemoteFile): EnvironmentFault {
  return new EnvironmentFault({
    where: JSON.stringify(path.slice(0, 80)),
    what: 'the hub lists a file under a name that no model has',
    expected: 'a plain file name',
    remedy: 'Check HF_ENDPOINT.',
  });
}
