import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { InputFault } from '../../errors/fault.js';

/** An open file of known size. */
export interface RegularFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly bytes: number;
}

/**
 * Opens a file of a model. A pipe, socket or device is refused without waiting for anybody at its other
 * end, and so is what only stands in for the file.
 *
 * @param name the file for messages, such as 'the weights'
 */
export async function openRegularFile(path: string, name = 'the file'): Promise<RegularFile> {
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(
    (cause: unknown) => {
      const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
      throw new InputFault(
        {
          where: path,
          what: missing ? `${name} cannot be opened: it is missing` : `${name} cannot be opened`,
          remedy: 'Check that it is a file, and that it may be read.',
        },
        { cause },
      );
    },
  );
  try {
    const status = await handle.stat();
    if (!status.isFile()) {
      throw new InputFault({
        where: path,
        what: 'this is not a regular file',
        expected: 'a file, or a link to one',
        remedy: 'Copy the file itself into the folder of the model.',
      });
    }
    await refuseStandIn(path, handle);
    return { path, handle, bytes: status.size };
  } catch (fault) {
    await handle.close();
    throw fault;
  }
}

/** The file's bytes; missing, unreadable or longer than `maxBytes` is an `InputFault`. */
export async function readBoundedFile(path: string, maxBytes: number): Promise<Buffer> {
  const { handle, bytes } = await openRegularFile(path);
  try {
    if (bytes > maxBytes) {
      throw new InputFault({
        where: path,
        what: 'the file is too large to be what its name says',
        expected: `at most ${maxBytes} bytes`,
        found: `${bytes}`,
      });
    }
    // Not readFile: the file may grow meanwhile.
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } catch (cause) {
    if (cause instanceof InputFault) throw cause;
    throw new InputFault({ where: path, what: 'the file cannot be read' }, { cause });
  } finally {
    await handle.close();
  }
}

/** What often lies in a file's place, by how it begins. */
const standIns: readonly (readonly [begins: RegExp, is: string, remedy: string])[] = [
  [
    /^version https:\/\/git-lfs\.github\.com\/spec\//,
    'a pointer of Git LFS, not the file itself',
    'Run `git lfs pull` in the repository that it comes from, or download the file.',
  ],
  [
    /^\s*<(?:!doctype html|html[\s>]|\?xml\s)/i,
    'a page of the web, not the file itself',
    'Download the file again, by its link for downloading.',
  ],
];

async function refuseStandIn(path: string, handle: FileHandle): Promise<void> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(128), 0, 128, 0);
  const start = buffer.subarray(0, bytesRead).toString('latin1');
  const standIn = standIns.find(([begins]) => begins.test(start));
  if (standIn === undefined) return;
  throw new InputFault({ where: path, what: `this is ${standIn[1]}`, remedy: standIn[2] });
}
