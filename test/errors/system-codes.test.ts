import { describe, expect, it } from 'vitest';
import { inWords } from '../../errors/system-codes.js';
import { storageFault } from '../../store/faults.js';

const failed = (code: string): Error => Object.assign(new Error(`${code}: raw`), { code });

describe('a code of the operating system', () => {
  it.each([
    ['ENOSPC', 'no space is left on the device', 'Free some space there'],
    ['EDQUOT', 'the quota of the disk is used up', 'Free some of the quota'],
    ['EROFS', 'the file system is read-only', 'Make the file system writable'],
    ['EACCES', 'this user may not read or write there', 'Give this user access to it'],
    ['EMFILE', 'this process has too many files open', 'Raise the limit (ulimit -n) and start it again'],
    ['EIO', 'the device reports a fault', 'Look at the disk and at the log of the system'],
  ])('%s of a store is told with what it means and what to do', (code, meaning, remedy) => {
    expect(String(storageFault(failed(code), '/data', 'writing an object'))).toBe(
      `EnvironmentFault: /data: writing an object failed; found ${code} (${meaning}). ${remedy}; it goes on by itself then.`,
    );
  });

  it('that no waiting mends promises nothing', () => {
    expect((storageFault(failed('ENOENT'), '/data', 'reading') as Error).message).toBe(
      '/data: reading failed; found ENOENT (there is no such file or folder)',
    );
  });

  it('that is not known stands as it is', () => {
    expect(inWords('EODD')).toBe('EODD');
    expect(inWords('constructor')).toBe('constructor');
  });
});
