import { InputFault } from '../../errors/fault.js';
import { readSmallFile } from '../input/small-file.js';

const longest = 4_096;

/** The token that a file holds, as the only word in it. @throws InputFault which does not repeat it */
export async function readToken(file: string): Promise<string> {
  const bytes = await readSmallFile(file, '--token-file', longest);
  return requireToken(bytes.toString('utf8'), file);
}

/** @param where the file or variable that holds it */
export function requireToken(text: string, where: string): string {
  const token = text.trim();
  if (/^[\x21-\x7e]{16,4096}$/.test(token)) return token;
  throw new InputFault({
    where,
    what: 'it holds no token',
    expected: `one word of at least 16 printable ASCII characters, in at most ${longest} bytes`,
    remedy: 'Make one by `openssl rand -hex 32`.',
  });
}
