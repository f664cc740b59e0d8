import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { readFileSync, statSync, type Stats } from 'node:fs';
import { InputFault } from '../errors/fault.js';

/** The keys themselves; or the path of a file that holds them. One of the two, and never both. */
export const keysVariable = 'FOLDWISE_ENCRYPTION_KEYS';
export const keysFileVariable = 'FOLDWISE_ENCRYPTION_KEYS_FILE';

/** Bytes of an AES-256 key. */
const keyBytes = 32;
/** A file is longer than these keys could ever make it. */
const mostBytes = 64 << 10;
const mostKeys = 100;

/** How a key may be called: the name stands in the clear beside what it encrypts. */
const keyId = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Keys of AES-256 by name. They are held as objects that no log and no inspection shows. */
export interface EncryptionKeys {
  /** The name of the one that encrypts. */
  readonly current: string;
  /** All that decrypt. */
  readonly byId: ReadonlyMap<string, KeyObject>;
  /** What a person should know of where they lie. */
  readonly warning: string | null;
}

export function isKeyId(text: string): boolean {
  return keyId.test(text);
}

/**
 * The keys that the environment gives, null where it gives none: then payloads are written in the clear.
 *
 * @throws InputFault for anything but keys; never quoting it
 */
export function readEncryptionKeys(env: NodeJS.ProcessEnv = process.env): EncryptionKeys | null {
  const text = env[keysVariable] ?? '';
  const file = env[keysFileVariable] ?? '';
  if (text !== '' && file !== '')
    throw new InputFault({
      where: `${keysVariable} and ${keysFileVariable}`,
      what: 'both are set, and only one can hold',
      remedy: 'Unset one of them.',
    });
  if (file !== '') return fromFile(file);
  return text === '' ? null : parseEncryptionKeys(text.replaceAll(',', '\n'), keysVariable);
}

/** A new key as a line of a file of keys. */
export function newKeyLine(id: string): string {
  return `${id}: ${randomBytes(keyBytes).toString('base64')}`;
}

/**
 * Reads `name: key` lines, keys as 32 bytes in base64; the first encrypts, all decrypt. Empty lines and those that begin
 * with `#` are passed over.
 *
 * @param where the file or the variable, for faults
 */
export function parseEncryptionKeys(
  text: string,
  where: string,
  warning: string | null = null,
): EncryptionKeys {
  const lines = text.split(/\r?\n/).map((line, place) => ({ line: line.trim(), number: place + 1 }));
  const given = lines.filter(({ line }) => line !== '' && !line.startsWith('#'));
  const byId = new Map<string, KeyObject>();
  for (const { line, number } of given) {
    const place = `${where}, line ${number}`;
    const [, id = '', encoded = ''] = /^([^:]*?)\s*:\s*(.*)$/.exec(line) ?? [];
    if (!isKeyId(id))
      throw unreadable(place, 'it names no key', 'a name of letters, digits, ".", "_" and "-"');
    if (byId.has(id)) throw unreadable(place, `there are two keys named ${id}`, 'each name once');
    const bytes = Buffer.from(encoded, 'base64');
    // What Node passes over as it decodes is no base64, and may be a key cut short.
    if (bytes.length !== keyBytes || bytes.toString('base64') !== encoded)
      throw unreadable(place, `the key ${id} is none`, `${keyBytes} bytes in base64`);
    byId.set(id, createSecretKey(bytes));
  }
  const [current] = byId.keys();
  if (current === undefined) throw unreadable(where, 'it holds no key', 'at least one');
  if (byId.size > mostKeys) throw unreadable(where, 'it holds too many keys', `at most ${mostKeys}`);
  return { current, byId, warning };
}

function fromFile(path: string): EncryptionKeys {
  const { text, stats } = contentOf(path);
  // Windows has other permissions.
  const open = process.platform !== 'win32' && (stats.mode & 0o004) !== 0;
  const warning = open
    ? `${path}: every user of this machine may read the encryption keys (chmod o-r)`
    : null;
  return parseEncryptionKeys(text, path, warning);
}

function contentOf(path: string): { readonly text: string; readonly stats: Stats } {
  const where = `${keysFileVariable} (${path})`;
  try {
    const stats = statSync(path);
    if (!stats.isFile() || stats.size > mostBytes)
      throw unreadable(where, 'it is no file of keys', `a file of at most ${mostBytes} bytes`);
    return { text: readFileSync(path, 'utf8'), stats };
  } catch (error) {
    if (error instanceof InputFault) throw error;
    throw new InputFault({
      where,
      what: 'the file of the encryption keys cannot be read',
      ...(error instanceof Error && 'code' in error ? { found: String(error.code) } : {}),
      remedy: `Name it rightly, or unset ${keysFileVariable} where payloads may be written in the clear.`,
    });
  }
}

function unreadable(where: string, what: string, expected: string): InputFault {
  return new InputFault({
    where,
    what,
    expected,
    remedy: 'A line is `name: key`; `foldwise keys new` prints one. docs/security.md says more.',
  });
}
