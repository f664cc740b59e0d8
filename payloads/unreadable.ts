import { EnvironmentFault, InputFault } from '../errors/fault.js';

const mark = 'foldwise.unreadable';

/**
 * What stands in the place of a payload that could not be decrypted, so that it can be told of where it is used: a codec
 * that throws would block its run for ever, whoever sent it. Plain data, known to the workflow's sandbox too.
 */
export interface Unreadable {
  readonly [mark]: { readonly because: 'key' | 'damaged' | 'format'; readonly key: string };
  /** Shown where it stands for the attributes of a failure. */
  readonly message: string;
}

/** Why a value cannot be read. */
export interface UnreadableReason {
  /** One clause, naming the key. */
  readonly words: string;
  /** Whether a process that has the key can read it. */
  readonly elsewhere: boolean;
}

/** @param key its name, as it stands beside what it encrypted; empty where none does */
export function unreadable(because: Unreadable[typeof mark]['because'], key: string): Unreadable {
  return { [mark]: { because, key }, message: unreadableWords(because, key) };
}

/** Null for every value that was read. */
export function unreadableReason(value: unknown): UnreadableReason | null {
  if (typeof value !== 'object' || value === null || !(mark in value)) return null;
  const told = value[mark];
  const { because, key } = (typeof told === 'object' && told !== null ? told : {}) as Record<string, unknown>;
  // Anybody can send what looks like this, so nothing of it is shown but what can be no text of theirs.
  const name = typeof key === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(key) ? key : '';
  const kind = because === 'key' || because === 'format' ? because : 'damaged';
  return { words: unreadableWords(kind, name), elsewhere: kind === 'key' };
}

/** One clause. */
export function unreadableWords(because: string, key: string): string {
  if (because === 'key')
    return `it is encrypted with the key ${key}, which is not among the encryption keys of this process (FOLDWISE_ENCRYPTION_KEYS_FILE)`;
  if (because === 'format') return 'it is encrypted in another format than that of foldwise';
  return `it is damaged: it does not decrypt with the key ${key}`;
}

/**
 * What was decrypted, as it is.
 *
 * @throws an EnvironmentFault for what another process may have the key of; an InputFault for what no key decrypts
 */
export function requireDecrypted<T>(value: T, where: string): T {
  const reason = unreadableReason(value);
  if (reason === null) return value;
  const details = { where, what: reason.words };
  throw reason.elsewhere ? new EnvironmentFault(details) : new InputFault(details);
}
