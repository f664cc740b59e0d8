import { mkdtempSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  hubCacheDirectory,
  hubEndpoint,
  hubToken,
  isOffline,
} from '../../../engine/checkpoint/hub-settings.js';
import { InputFault } from '../../../errors/fault.js';

describe('the cache is where Hugging Face’s own tools have it', () => {
  const home = homedir();
  it.each<[string, NodeJS.ProcessEnv, string]>([
    ['by default', {}, join(home, '.cache/huggingface/hub')],
    ['with HF_HOME', { HF_HOME: '/data/hf' }, '/data/hf/hub'],
    ['with HF_HUB_CACHE', { HF_HUB_CACHE: '/c', HF_HOME: '/data/hf' }, '/c'],
    ['with its former name', { HUGGINGFACE_HUB_CACHE: '/c' }, '/c'],
    ['with XDG_CACHE_HOME', { XDG_CACHE_HOME: '/x' }, '/x/huggingface/hub'],
    ['with ~, which no shell has seen', { HF_HOME: '~/hf' }, join(home, 'hf/hub')],
    ['with empty variables', { HF_HOME: '', HF_HUB_CACHE: ' ' }, join(home, '.cache/huggingface/hub')],
  ])('%s', (_, env, expected) => {
    expect(hubCacheDirectory(env)).toBe(expected);
  });
});

it.each<[NodeJS.ProcessEnv, boolean]>([
  [{}, false],
  [{ HF_HUB_OFFLINE: '1' }, true],
  [{ HF_HUB_OFFLINE: 'yes' }, true],
  [{ HF_HUB_OFFLINE: 'True' }, true],
  [{ HF_HUB_OFFLINE: '0' }, false],
  [{ HF_HUB_OFFLINE: '' }, false],
  [{ TRANSFORMERS_OFFLINE: 'ON' }, true],
  [{ HF_HUB_OFFLINE: '0', TRANSFORMERS_OFFLINE: '1' }, false],
])('%o is offline: %s', (env, expected) => {
  expect(isOffline(env)).toBe(expected);
});

it('the hub is the public one unless HF_ENDPOINT names another', () => {
  expect([
    hubEndpoint({}),
    hubEndpoint({ HF_ENDPOINT: '' }),
    hubEndpoint({ HF_ENDPOINT: 'http://m' }),
  ]).toEqual(['https://huggingface.co', 'https://huggingface.co', 'http://m']);
});

describe('the token', () => {
  const home = mkdtempSync(join(tmpdir(), 'hub-'));
  writeFileSync(join(home, 'token'), 'hf_of_the_file\n');
  writeFileSync(join(home, 'other'), 'hf_other');
  writeFileSync(join(home, 'odd'), 'password: secret\n');
  writeFileSync(join(home, 'large'), 'hf_'.padEnd(5_000, 'x'));
  writeFileSync(join(home, 'empty'), '\n');

  it.each<[string, NodeJS.ProcessEnv, string | undefined]>([
    ['is that of HF_TOKEN', { HF_TOKEN: 'hf_a', HF_HOME: home }, 'hf_a'],
    ['is that of its former name', { HUGGING_FACE_HUB_TOKEN: 'hf_a' }, 'hf_a'],
    ['is that of the file that a login writes', { HF_HOME: home }, 'hf_of_the_file'],
    ['is that of HF_TOKEN_PATH', { HF_HOME: home, HF_TOKEN_PATH: join(home, 'other') }, 'hf_other'],
    ['is none where there is no file', { HF_HOME: join(home, 'none') }, undefined],
    ['is none where the file is empty', { HF_TOKEN_PATH: join(home, 'empty') }, undefined],
    [
      'is none where it is not to be sent unasked',
      { HF_HOME: home, HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' },
      undefined,
    ],
  ])('%s', async (_, env, expected) => {
    expect(await hubToken(env)).toBe(expected);
  });

  it.each(['odd', 'large', '.'])(
    'of a file that is none (%s) is a fault that does not quote it',
    async (file) => {
      const failure: unknown = await hubToken({ HF_TOKEN_PATH: join(home, file) }).catch(
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(InputFault);
      expect(String(failure)).not.toMatch(/secret|xxx/);
    },
  );
});
