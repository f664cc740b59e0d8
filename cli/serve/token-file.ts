import { readFile, stat } from 'node:fs/promises';
import { InputFault } from '../../errors/fault.js';

const longest = 4_096;

/** The token that a file holds, as the only word in it. @throws InputFault which does not repeat it */
export async function readToken(file: string): Promise<string> {
  const { size } = await stat(file);
  const token = size > longest ? '' : (await readFile(file, 'utf8')).trim();
  if (/^[\x21-\x7e]{16,}$/.test(token)) return token;
  throw new InputFault({
    where: file,
    what: 'it holds no token',
    expected: `one word of at least 16 printable ASCII characters, in at most ${longest} bytes`,
    remedy: 'Make one by `openssl rand -hex 32`.',
  });
}
