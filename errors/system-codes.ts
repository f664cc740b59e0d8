/** What a code of the operating system says, and what a person can do about it. */
export interface SystemCode {
  readonly meaning: string;
  /** A sentence without its full stop, and what else would do. */
  readonly remedy: string;
  readonly otherwise?: string;
  /** Whether somebody can mend it under a program that waits for that; else the name is wrong, and stays so. */
  readonly passes?: true;
}

const otherFolder = 'choose another folder';

const codes: Readonly<Record<string, SystemCode>> = {
  EACCES: {
    meaning: 'this user may not read or write there',
    remedy: 'Give this user access to it',
    otherwise: otherFolder,
    passes: true,
  },
  EPERM: {
    meaning: 'this user may not do that there',
    remedy: 'Give this user access to it',
    otherwise: otherFolder,
    passes: true,
  },
  EROFS: {
    meaning: 'the file system is read-only',
    remedy: 'Make the file system writable',
    otherwise: otherFolder,
    passes: true,
  },
  ENOSPC: {
    meaning: 'no space is left on the device',
    remedy: 'Free some space there',
    otherwise: otherFolder,
    passes: true,
  },
  EDQUOT: {
    meaning: 'the quota of the disk is used up',
    remedy: 'Free some of the quota',
    otherwise: otherFolder,
    passes: true,
  },
  EMFILE: {
    meaning: 'this process has too many files open',
    remedy: 'Raise the limit (ulimit -n) and start it again',
    passes: true,
  },
  ENFILE: {
    meaning: 'too many files are open on this machine',
    remedy: 'End other programs',
    passes: true,
  },
  EIO: {
    meaning: 'the device reports a fault',
    remedy: 'Look at the disk and at the log of the system',
    passes: true,
  },
  ENOMEM: {
    meaning: 'the machine is out of memory',
    remedy: 'End other programs',
    otherwise: 'give the work less',
    passes: true,
  },
  EAGAIN: {
    meaning: 'the machine allows no more processes or memory just now',
    remedy: 'Raise the limit (ulimit -u)',
    otherwise: 'end other programs',
    passes: true,
  },
  ENOENT: { meaning: 'there is no such file or folder', remedy: 'Check the name' },
  ENOTDIR: {
    meaning: 'a part of the path is a file, not a folder',
    remedy: 'Move it away',
    otherwise: otherFolder,
  },
  EISDIR: { meaning: 'it is a folder, not a file', remedy: 'Name a file' },
  EEXIST: { meaning: 'it is there already', remedy: 'Move it away', otherwise: 'choose another name' },
  ELOOP: { meaning: 'its links lead in a circle', remedy: 'Name the file itself' },
  ENAMETOOLONG: { meaning: 'the name is too long for the file system', remedy: 'Choose a shorter one' },
  EADDRINUSE: {
    meaning: 'another program has the port',
    remedy: 'Choose another one',
    otherwise: 'end that program',
  },
  ECONNREFUSED: { meaning: 'nothing listens there', remedy: 'Check the address, and that the program runs' },
  ECONNRESET: { meaning: 'the other side ended the connection', remedy: 'Try again' },
  EPIPE: { meaning: 'the other side ended the connection', remedy: 'Try again' },
  ETIMEDOUT: {
    meaning: 'the other side did not answer in time',
    remedy: 'Check the address and the network',
  },
  EHOSTUNREACH: { meaning: 'there is no way to that address', remedy: 'Check the address and the network' },
  ENETUNREACH: { meaning: 'there is no way to that address', remedy: 'Check the address and the network' },
  ENOTFOUND: { meaning: 'no machine of that name is known', remedy: 'Check the name and the network' },
  EAI_AGAIN: { meaning: 'the name cannot be looked up now', remedy: 'Check the network' },
};

/** The one owner of what codes of the operating system mean; undefined for one that is not known. */
export function systemCode(code: string): SystemCode | undefined {
  return Object.hasOwn(codes, code) ? codes[code] : undefined;
}

/** A code with what it means, as a fault says what it found. */
export function inWords(code: string): string {
  const known = systemCode(code);
  return known === undefined ? code : `${code} (${known.meaning})`;
}
