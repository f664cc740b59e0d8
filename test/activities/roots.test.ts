import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  defaultRoots,
  localPathOf,
  requireModelFilesReadable,
  requireReadable,
  requireRoots,
  rootsOf,
} from '../../activities/roots.js';
import { requireRunName } from '../../activities/run-directory.js';
import type { Pipeline } from '../../pipeline/pipeline.js';

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
    const other = ['s3://bucket/../x.csv', 'S3://BUCKET/x', 'https://host/train.csv', 'data://x'];
    for (const uri of [...other, 'http://169.254.169.254/latest/meta-data', 'gopher://localhost:70/x']) {
      expect(() => localPathOf(uri, 'x')).toThrow(/scheme/);
    }
    for (const uri of ['file://169.254.169.254/x', 'file:///data%2f..%2fx.csv'])
      expect(() => localPathOf(uri, 'x')).toThrow('names no file of this machine');
    expect(localPathOf('file:///data/%2e%2e/x.csv', 'x')).toBe('/x.csv');
  });
});

describe('the roots of a worker', () => {
  it('are those of the environment, else the workdir and the current folder', () => {
    expect(defaultRoots('/work', {})).toEqual(['/work', process.cwd()]);
    expect(defaultRoots('/work', { FOLDWISE_ROOTS: '' })).toEqual(['/work', process.cwd()]);
    const FOLDWISE_ROOTS = ['/data', '', '/models'].join(delimiter);
    expect(defaultRoots('/work', { FOLDWISE_ROOTS })).toEqual(['/data', '/models']);
  });

  it('are folders of the machine, and nothing that would only look like one', async () => {
    expect(requireRoots([root, `file://${root}`, '.'])).toEqual([root, root, process.cwd()]);
    for (const strange of ['s3://bucket', 'https://host/data', 'file://host/data'])
      expect(() => requireRoots([strange])).toThrow(strange);
    await expect(
      requireReadable(join(folder, 'outside.csv'), requireRoots([root]), 'data.train'),
    ).rejects.toThrow('start the worker with its folder as a root (--root or FOLDWISE_ROOTS)');
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

describe('the files of a model', () => {
  const model = (name: string, links: Readonly<Record<string, string>>): string => {
    const path = join(root, name);
    mkdirSync(path, { recursive: true });
    for (const [link, target] of Object.entries(links)) symlinkSync(target, join(path, link));
    return path;
  };
  const read = (path: string, ...files: readonly string[]): Promise<void> =>
    requireModelFilesReadable(path, files, [root]);

  it('may be links within the roots', async () => {
    await read(model('model', { 'vocab.txt': '../inside.csv' }), 'vocab.txt');
  });

  it('may be links from a snapshot of the hub’s cache to its blobs, wherever that is', async () => {
    const snapshot = join(folder, 'hub/models--a--b/snapshots/c');
    mkdirSync(snapshot, { recursive: true });
    mkdirSync(join(snapshot, '../../blobs'));
    writeFileSync(join(snapshot, '../../blobs/d'), '');
    symlinkSync('../../blobs/d', join(snapshot, 'config.json'));
    await read(snapshot, 'config.json');
    symlinkSync('../../../../outside.csv', join(snapshot, 'vocab.txt'));
    await expect(read(snapshot, 'config.json', 'vocab.txt')).rejects.toThrow(/may not read there/);
  });

  it('and on to the blobs that all repositories of the cache share', async () => {
    const snapshot = join(folder, 'shared/models--a--b/snapshots/c');
    mkdirSync(snapshot, { recursive: true });
    mkdirSync(join(snapshot, '../../blobs'));
    mkdirSync(join(folder, 'shared/blobs/ab'), { recursive: true });
    writeFileSync(join(folder, 'shared/blobs/ab/abc'), '');
    symlinkSync('../../blobs/ab/abc', join(snapshot, '../../blobs/d'));
    symlinkSync('../../blobs/d', join(snapshot, 'config.json'));
    await read(snapshot, 'config.json');
  });

  it('but only of a cache', async () => {
    const snapshot = join(folder, 'other/a/snapshots/c');
    mkdirSync(snapshot, { recursive: true });
    mkdirSync(join(folder, 'other/blobs'));
    writeFileSync(join(folder, 'other/blobs/d'), '');
    symlinkSync('../../../blobs/d', join(snapshot, 'config.json'));
    await expect(read(snapshot, 'config.json')).rejects.toThrow(/may not read there/);
  });

  it('may not lead elsewhere', async () => {
    const path = model('model', { 'vocab.txt': '../../outside.csv' });
    await expect(read(path, 'vocab.txt')).rejects.toThrow(
      /^model\.checkpoint: this worker may not read there/,
    );
    await requireModelFilesReadable(path, ['vocab.txt'], null);
  });

  it('lead where they do for a pipeline of whoever runs the worker', async () => {
    const path = model('model', { 'vocab.txt': '../../outside.csv', 'config.json': 'none' });
    const pipeline = {
      data: { train: '/t.csv', test: '/u.csv' },
      model: { checkpoint: path },
      steps: {},
    } as unknown as Pipeline;
    expect(rootsOf(pipeline)).toEqual(['/t.csv', '/u.csv', path, join(folder, 'outside.csv')]);
    await requireModelFilesReadable(path, ['vocab.txt'], rootsOf(pipeline));
  });
});
