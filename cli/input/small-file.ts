import { open } from 'node:fs/promises';
import { InputFault } from '../../errors/fault.js';
import { inWords, systemCode } from '../../errors/system-codes.js';
import { errorCode } from '../../store/faults.js';

/** The bytes of a file that an option names, or of a pipe. @throws InputFault for one that is larger or is not read */
export async function readSmallFile(path: string, option: string, mostBytes: number): Promise<Buffer> {
  const where = `${option} (${path})`;
  let length = 0;
  const bytes = Buffer.alloc(mostBytes + 1);
  try {
    const file = await open(path);
    try {
      for (let read = -1; read !== 0 && length < bytes.length; length += read)
        ({ bytesRead: read } = await file.read(bytes, length, bytes.length - length, null));
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    const remedy = systemCode(code)?.remedy;
    throw new InputFault(
      {
        where,
        what: 'the file cannot be read',
        found: inWords(code),
        ...(remedy && { remedy: `${remedy}.` }),
      },
      { cause: error },
    );
  }
  if (length > mostBytes)
    throw new InputFault({ where, what: 'the file is too large', expected: `at most ${mostBytes} bytes` });
  return bytes.subarray(0, length);
}
