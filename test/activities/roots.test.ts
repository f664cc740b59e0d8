import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  defaultRoots,
  localPathOf,
  requireModelFilesReadable,
  requireReadable,
  requireReadableObject,
  requireRoots,
  rootsOf,
} from '../../activities/roots.js';
import { requireRunName } from '../../activities/run-directory.js';
import { locationText, tableLocation } from '../../activities/table-location.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { s3Object } from '../../store/s3/address.js';

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
    for (const uri of [
      ...other,
      'store:tables/x',
      'http://169.254.169.254/latest/meta-data',
      'gopher://localhost:70/x',
    ]) {
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
    expect(defaultRoots(process.cwd(), {})).toEqual([process.cwd()]);
    expect(defaultRoots('/work', { FOLDWISE_ROOTS: '' })).toEqual(['/work', process.cwd()]);
    const FOLDWISE_ROOTS = ['/data', '', '/models'].join(delimiter);
    expect(defaultRoots('/work', { FOLDWISE_ROOTS })).toEqual(['/data', '/models']);
    const mixed = ['s3://bucket/prefix', '/data', 'file:///more', 's3://other'];
    expect(defaultRoots('/work', { FOLDWISE_ROOTS: mixed.join(delimiter) })).toEqual(mixed);
  });

  it('are folders of the machine, and nothing that would only look like one', async () => {
    expect(requireRoots([root, `file://${root}`, '.'])).toEqual([root, root, process.cwd()]);
    for (const strange of ['https://host/data', 'file://host/data', 's3://', 's3://b', 's3://bucket/a/../b'])
      expect(() => requireRoots([strange])).toThrow(strange);
    expect(requireRoots(['s3://bucket', 'S3://bucket/', 's3://bucket/a b/c/'])).toEqual([
      's3://bucket',
      's3://bucket',
      's3://bucket/a b/c',
    ]);
    expect(() => requireRoots(['s3://key:secret@bucket'])).toThrow(/^(?!.*secret).*a user or a password/s);
    await expect(
      requireReadable(join(folder, 'outside.csv'), requireRoots([root]), 'data.train'),
    ).rejects.toThrow('start the worker with its folder as a root (--root or FOLDWISE_ROOTS)');
  });
});

describe('objects in S3', () => {
  const refuses = (uri: string, roots: readonly string[]): (() => void) => {
    const object = s3Object(uri)!;
    return () => requireReadableObject(object, requireRoots(roots), 'data.train');
  };

  it.each([
    ['s3://tables/a/train.csv', 's3://tables'],
    ['s3://tables/a/train.csv', 's3://tables/a'],
    ['s3://tables/a/train.csv', 's3://tables/a/'],
    ['s3://tables/a/train.csv', 's3://tables/a/train.csv'],
    ['S3://tables/ä b/day=1/x+y@z.csv', 's3://tables/ä b'],
  ])('are read below a root: %s below %s', (uri, root) => {
    expect(refuses(uri, ['/data', root])).not.toThrow();
  });

  it.each([
    ['s3://tables/prefix-other/train.csv', 's3://tables/prefix'],
    ['s3://tables/train.csv', 's3://tables/train'],
    ['s3://tables-of-others/a/train.csv', 's3://tables'],
    ['s3://tables/A/train.csv', 's3://tables/a'],
    ['s3://tables/a', 's3://tables/a/train.csv'],
    ['s3://tables/a/train.csv', '/'],
  ])('are refused elsewhere: %s beside %s', (uri, root) => {
    expect(refuses(uri, [root])).toThrow(
      /^data\.train: this worker may not read there; found s3:\/\/.*--root s3:\/\/bucket\/prefix/,
    );
  });

  it('let no file be read, and no folder lets one of them be read', async () => {
    const roots = requireRoots(['s3://tables']);
    for (const path of ['/etc/hosts', join(process.cwd(), 's3:/tables/x')])
      await expect(requireReadable(path, roots, 'x')).rejects.toThrow('may not read there');
  });
});

describe('where a table lies', () => {
  const sha256 = 'ab'.repeat(32);

  it('is a path, an object in S3 or a table of the store', () => {
    expect(tableLocation('/data/../x.csv', 'x')).toEqual({ kind: 'file', path: '/x.csv' });
    expect(tableLocation('file:///x.csv', 'x')).toEqual({ kind: 'file', path: '/x.csv' });
    expect(tableLocation('S3://Bucket/a b/c%20d.csv', 'x')).toEqual({
      kind: 's3',
      bucket: 'Bucket',
      key: 'a b/c%20d.csv',
    });
    const stored = `store:tables/${sha256}/train.csv`;
    expect(tableLocation(stored, 'x')).toEqual({ kind: 'store', sha256, file: 'train.csv' });
    for (const text of ['/x.csv', 's3://bucket/a b/c', stored])
      expect(locationText(tableLocation(text, 'x'))).toBe(text);
  });

  it.each([
    's3://bucket',
    's3://bucket/',
    's3:///key',
    's3://bucket/a//b',
    's3://bucket/./b',
    's3://bucket/a/../b',
    's3://bucket/..',
    's3://bucket/folder/',
    's3://bucket/a\nb',
    `s3://bucket/${'x'.repeat(1025)}`,
  ])('is told to be none of S3: %j', (uri) => {
    expect(() => tableLocation(uri, 'data.train')).toThrow(/^data\.train: this names no object in S3; found/);
  });

  it.each([
    'store:train.csv',
    `store:store/sha256/ab/${sha256}`,
    `store:tables/../keys/${sha256}.json`,
    `store:tables/${sha256}/../../id`,
    `store:tables/${sha256}/..`,
    `store:tables/${sha256}/a/b`,
    `store:tables/${sha256.toUpperCase()}/train.csv`,
    `store://tables/${sha256}/train.csv`,
  ])('is told to be none of the store: %s', (uri) => {
    expect(() => tableLocation(uri, 'table')).toThrow(/^table: this names no table of the store; found/);
  });

  it.each([
    's3://key:secret@bucket/x',
    'https://u:secret@host/x',
    'file://u:secret@host/x',
    's3://secret@b/x',
  ])('has no password in it, and none is told: %s', (uri) => {
    expect(() => tableLocation(uri, 'x')).toThrow(/^(?!.*secret).*a user or a password in it/s);
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
    const data = { train: 's3://tables/t.csv', test: `store:tables/${'0'.repeat(64)}/u.csv` };
    const elsewhere = { ...pipeline, model: {}, data } as Pipeline;
    expect(rootsOf(elsewhere)).toEqual(['s3://tables/t.csv']);
    await requireModelFilesReadable(path, ['vocab.txt'], rootsOf(pipeline));
  });
});
