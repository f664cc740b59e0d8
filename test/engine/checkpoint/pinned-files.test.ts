import { createHash } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelChanged, PinnedFiles } from '../../../engine/checkpoint/pinned-files.js';

let folder: string;
const at = (name: string): string => join(folder, name);
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const digests = {
  'config.json': sha256('{}'),
  'model.safetensors': sha256('weights'),
  'vocab.txt': sha256('a'),
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foldwise-pinned-'));
  writeFileSync(at('config.json'), '{}');
  writeFileSync(at('model.safetensors'), 'weights');
  writeFileSync(at('vocab.txt'), 'a');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a model's files", () => {
  it('are what was hashed where nobody touched them', async () => {
    const pinned = await PinnedFiles.of(folder, digests);
    await expect(pinned.check()).resolves.toBeUndefined();
  });

  it('are refused where they are others already', async () => {
    writeFileSync(at('model.safetensors'), 'WEIGHTS');
    await expect(PinnedFiles.of(folder, digests)).rejects.toThrow(ModelChanged);
  });

  it.each([
    ['is written to in place', () => writeFileSync(at('model.safetensors'), 'WEIGHTS')],
    [
      'is another one of the same size and time',
      () => {
        const { atime, mtime } = statSync(at('model.safetensors'));
        writeFileSync(at('new'), 'WEIGHTS');
        utimesSync(at('new'), atime, mtime);
        renameSync(at('new'), at('model.safetensors'));
      },
    ],
    [
      'is written to in place and its time set back',
      () => {
        const { atime, mtime } = statSync(at('model.safetensors'));
        writeFileSync(at('model.safetensors'), 'WEIGHTS');
        utimesSync(at('model.safetensors'), atime, mtime);
      },
    ],
    ['is gone', () => rmSync(at('model.safetensors'))],
    ['gets a rival that would be read in its place', () => writeFileSync(at('tokenizer.json'), '{}')],
  ])('are refused where one %s', async (_, change) => {
    const pinned = await PinnedFiles.of(folder, digests);
    change();
    await expect(pinned.check()).rejects.toThrow(ModelChanged);
  });

  it('may get other rights and second names', async () => {
    const pinned = await PinnedFiles.of(folder, digests);
    chmodSync(at('model.safetensors'), 0o400);
    linkSync(at('model.safetensors'), at('second-name'));
    await expect(pinned.check()).resolves.toBeUndefined();
  });
});
