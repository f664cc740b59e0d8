import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  keysFileVariable,
  keysVariable,
  newKeyLine,
  parseEncryptionKeys,
  readEncryptionKeys,
} from '../../payloads/encryption-keys.js';

const secret = Buffer.alloc(32, 7).toString('base64');

describe('encryption keys', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'foldwise-keys-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const file = (text: string, mode = 0o600): string => {
    const path = join(folder, 'keys');
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };

  it('are those of the variable, or of the file that another one names; without either there are none', () => {
    expect(readEncryptionKeys({})).toBeNull();
    expect(readEncryptionKeys({ [keysVariable]: '', [keysFileVariable]: '' })).toBeNull();
    const given = readEncryptionKeys({ [keysVariable]: `b: ${secret},a:${secret}` });
    expect(given?.current).toBe('b');
    expect([...(given?.byId.keys() ?? [])]).toEqual(['b', 'a']);
    const read = readEncryptionKeys({ [keysFileVariable]: file(`# ours\n\n2026: ${secret}\r\n`) });
    expect(read).toMatchObject({ current: '2026', warning: null });
  });

  it.each([0o600, 0o640, 0o400])('are read without a word from a file of mode %o', (mode) => {
    expect(readEncryptionKeys({ [keysFileVariable]: file(`a: ${secret}`, mode) })?.warning).toBeNull();
  });

  it('are warned of where every user may read them', () => {
    const { warning } = readEncryptionKeys({ [keysFileVariable]: file(`a: ${secret}`, 0o644) })!;
    expect(warning).toContain('every user of this machine may read the encryption keys (chmod o-r)');
  });

  it.each([
    ['nothing', '', 'it holds no key'],
    ['remarks alone', '# a key will come', 'it holds no key'],
    ['a key without a name', secret, 'line 1: it names no key'],
    ['a name that is a path', `../keys: ${secret}`, 'line 1: it names no key'],
    ['a name twice', `a: ${secret}\na: ${secret}`, 'line 2: there are two keys named a'],
    ['a short key', `a: ${secret.slice(0, 20)}`, 'line 1: the key a is none'],
    ['a long key', `a: ${Buffer.alloc(33).toString('base64')}`, 'the key a is none'],
    ['a key of the other base64', `a: ${Buffer.alloc(32, 255).toString('base64url')}`, 'the key a is none'],
    ['a key with a remark', `a: ${secret} # mine`, 'the key a is none'],
    ['a key with a blank in it', `a: ${secret.slice(0, 9)} ${secret.slice(9)}`, 'the key a is none'],
    ['too many', Array.from({ length: 101 }, (_, n) => `k${n}: ${secret}`).join('\n'), 'too many keys'],
  ])('are refused where there is %s, and never quoted', (_name, text, what) => {
    const fault = (): unknown => parseEncryptionKeys(text, 'keys.txt');
    expect(fault).toThrow(what);
    try {
      fault();
    } catch (error) {
      expect(String(error)).not.toContain(secret.slice(0, 12));
    }
  });

  it('are refused where both variables are set, and where the file is none', () => {
    const both = { [keysVariable]: `a: ${secret}`, [keysFileVariable]: file(`a: ${secret}`) };
    expect(() => readEncryptionKeys(both)).toThrow('both are set, and only one can hold');
    expect(() => readEncryptionKeys({ [keysFileVariable]: join(folder, 'absent') })).toThrow('found ENOENT');
    expect(() => readEncryptionKeys({ [keysFileVariable]: folder })).toThrow('it is no file of keys');
    expect(() => readEncryptionKeys({ [keysFileVariable]: file('x'.repeat(70_000)) })).toThrow(
      'it is no file of keys',
    );
  });

  it('are shown by no inspection and no JSON', () => {
    const keys = parseEncryptionKeys(`a: ${secret}`, 'keys.txt');
    for (const text of [inspect(keys, { depth: 9, showHidden: true }), JSON.stringify([...keys.byId])])
      for (const form of [secret, Buffer.from(secret, 'base64').toString('hex')])
        expect(text).not.toContain(form);
  });

  it('are made new at random', () => {
    const [one, two] = [newKeyLine('a'), newKeyLine('a')];
    expect(one).not.toBe(two);
    expect(parseEncryptionKeys(one, 'new').current).toBe('a');
  });
});
