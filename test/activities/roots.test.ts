import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localPathOf, requireReadable } from '../../activities/roots.js';
import { requireRunName } from '../../activities/run-directory.js';

let folder: string;
let root: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'foldwise-roots-')));
  root = join(folder, 'allowed');
  mkdirSync(root);
  writeFileSync(join(root, 'inside.csv'), '');
  writeFileSync(join(folder, 'outside.csv'), '');
  symlinkSync(join(folder, 'outside.csv'), join(root, 'link.csv'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a worker with roots', () => {
  it.each(['inside.csv', 'not-there.csv', '../allowed/inside.csv'])('reads %s', async (name) => {
    await expect(requireReadable(join(root, name), [root], 'data.train')).resolves.toBeUndefined();
  });

  it.each(['../outside.csv', 'link.csv', '../not-there.csv', '../allowed-beside/x.csv'])(
    'refuses %s',
    async (name) => {
      await expect(requireReadable(`${root}/${name}`, [root], 'data.train')).rejects.toMatchObject({
        name: 'InputFault',
        message: expect.stringMatching(/^data\.train: this worker may not read there/) as string,
      });
    },
  );

  it('reads everything where it trusts whoever starts runs', async () => {
    await expect(requireReadable('/etc/hosts', null, 'data.train')).resolves.toBeUndefined();
  });

  it('reads paths and file URIs, and no other scheme', () => {
    expect(localPathOf('/data/train.csv', 'x')).toBe('/data/train.csv');
    expect(localPathOf('file:///data/a%20b.csv', 'x')).toBe('/data/a b.csv');
    for (const uri of ['s3://bucket/train.csv', 'https://host/train.csv', 'data://x']) {
      expect(() => localPathOf(uri, 'x')).toThrow(/scheme/);
    }
  });
});

describe("a run's name", () => {
  it.each(['run-1', 'quickstart-20261123-221105-1f2e3d', 'Ein Lauf'])('may be %j', (name) => {
    expect(() => requireRunName(name)).not.toThrow();
  });

  it.each(['', '..', '../x', 'a/b', 'a\\b', '.hidden', 'x'.repeat(65), 'a\nb'])('may not be %j', (name) => {
    expect(() => requireRunName(name)).toThrow(/cannot be called/);
  });
});
