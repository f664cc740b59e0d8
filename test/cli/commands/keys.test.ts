import { describe, expect, it } from 'vitest';
import { parseEncryptionKeys } from '../../../payloads/encryption-keys.js';
import { run } from '../capture.js';

describe('foldwise keys new', () => {
  it('prints a line of a file of keys, each time another key', async () => {
    const { out: first } = await run('keys', 'new', '2026-11');
    const { out: second } = await run('keys', 'new');
    expect([...parseEncryptionKeys(`${first}\n${second}`, 'printed').byId.keys()]).toEqual([
      '2026-11',
      expect.stringMatching(/^[0-9a-f]{8}$/),
    ]);
    expect(first).not.toBe((await run('keys', 'new', '2026-11')).out);
  });

  it('refuses a name that could not stand beside what the key encrypts', async () => {
    await expect(run('keys', 'new', 'a/b')).rejects.toThrow('letters, digits');
  });
});
