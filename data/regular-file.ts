import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { inWords } from '../errors/system-codes.js';
import { TableFault } from './table-fault.js';
import { nameOf, pathOf, type TableFile } from './table-file.js';

/** What a person can do where the name of a table is not that of a file. */
export interface FileRemedies {
  /** There is none of this name, or it cannot be opened. */
  readonly absent: string;
  /** It is a pipe, a device or a socket. */
  readonly special: string;
}

/** Opens a table's file for reading. @throws TableFault for what is not a file, or cannot be opened */
export async function openRegularFile(
  table: TableFile,
  { absent, special }: FileRemedies,
): Promise<FileHandle> {
  const file = nameOf(table);
  try {
    const facts = await stat(pathOf(table));
    if (!facts.isFile()) {
      const [kind, remedy] = facts.isDirectory()
        ? ['a folder', 'Name a file in it.']
        : [facts.isFIFO() ? 'a pipe' : 'a device or a socket', special];
      throw new TableFault({ file }, { what: `this is ${kind}, not a file`, expected: 'a table', remedy });
    }
    // Should it have become a pipe meanwhile: nobody waits for a writer.
    return await open(pathOf(table), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (error instanceof TableFault) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new TableFault(
      { file },
      {
        ...(code === 'ENOENT'
          ? { what: 'there is no such file' }
          : { what: 'the file cannot be opened', found: inWords(code) }),
        expected: 'a table',
        remedy: absent,
      },
    );
  }
}
