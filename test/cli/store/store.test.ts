import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../../store/digest.js';
import { FolderObjects } from '../../../store/objects/folder-objects.js';
import { run } from '../capture.js';

const text = (bytes: string): Uint8Array => new TextEncoder().encode(bytes);
const nameOf = (content: string): string => `store/sha256/${sha256(content).slice(0, 2)}/${sha256(content)}`;

describe('foldwise store', () => {
  let workdir: string;
  let objects: FolderObjects;
  beforeEach(async () => {
    workdir = mkdtempSync(join(tmpdir(), 'foldwise-store-command-'));
    objects = new FolderObjects(join(workdir, '.foldwise'));
    for (const content of ['one', 'another', '']) await objects.put(nameOf(content), text(content));
    await objects.put(`keys/ab/ab${'0'.repeat(62)}.json`, text('{}'));
    await objects.putIfAbsent(`checkpoints/${'0'.repeat(64)}/pointer.json`, text('{"a":1}'));
    // Files of the machine lie beside what is stored.
    writeFileSync(join(workdir, '.foldwise', 'server.log'), 'a log');
  });
  afterEach(() => rmSync(workdir, { recursive: true, force: true }));

  const command = (...args: string[]) => run('store', ...args, '--workdir', workdir);

  it('ls lists what is stored and nothing else, or what begins so', async () => {
    const all = JSON.parse((await command('ls', '--json')).out) as {
      place: string;
      objects: { name: string; bytes: number }[];
    };
    expect(all.place).toBe(join(workdir, '.foldwise'));
    expect(all.objects.map(({ name, bytes }) => [name, bytes])).toEqual(
      [
        [`checkpoints/${'0'.repeat(64)}/pointer.json`, 7],
        [`keys/ab/ab${'0'.repeat(62)}.json`, 2],
        [nameOf('one'), 3],
        [nameOf('another'), 7],
        [nameOf(''), 0],
      ].sort((a, b) => (a[0]! < b[0]! ? -1 : 1)),
    );
    expect((await command('ls', 'keys/')).out).toMatch(
      /^keys\/ab\/ab0+\.json {2}2 bytes? {2}\d{4}-\d\d-\d\dT/,
    );
    expect((await command('ls', 'nothing')).out).toBe('');
  });

  it('du counts by kind', async () => {
    const {
      kinds,
      objects: count,
      bytes,
    } = JSON.parse((await command('du', '--json')).out) as {
      kinds: { kind: string; objects: number; bytes: number }[];
      objects: number;
      bytes: number;
    };
    expect(kinds).toEqual([
      { kind: 'artifacts', objects: 3, bytes: 10 },
      { kind: 'damaged', objects: 0, bytes: 0 },
      { kind: 'keys', objects: 1, bytes: 2 },
      { kind: 'checkpoints', objects: 1, bytes: 7 },
      { kind: 'runs', objects: 0, bytes: 0 },
      { kind: 'scores', objects: 0, bytes: 0 },
    ]);
    expect([count, bytes]).toEqual([5, 19]);
    expect((await command('du')).out).toMatch(/^ +objects +size\nartifacts +3 +10 bytes\n/);
  });

  it('verify reads every artifact, names those that are damaged, and changes none', async () => {
    expect((await command('verify')).out).toBe('3 of 3 artifacts (10 bytes) are sound');
    const path = objects.pathOf(nameOf('one'));
    chmodSync(path, 0o644);
    writeFileSync(path, 'two');
    await expect(command('verify')).rejects.toThrow(/damaged: 1/);
    await expect(command('verify', '--json')).rejects.toThrow(/damaged: 1/);
    expect(readFileSync(path, 'utf8')).toBe('two');
  });

  it('says nothing of a store that is not there yet', async () => {
    rmSync(join(workdir, '.foldwise'), { recursive: true });
    expect((await command('verify')).out).toBe('0 of 0 artifacts (0 bytes) are sound');
    expect((await command('ls')).out).toBe('');
  });
});
