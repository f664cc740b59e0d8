import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EnvironmentFault } from '../../errors/fault.js';
import { FolderDraft, requireRoom } from '../../store/folder-draft.js';
import { temporaryName } from '../../store/temporary-file.js';

describe('a folder that is written whole or not at all', () => {
  let root: string;
  let target: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'foldwise-draft-'));
    target = join(root, 'made/here');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const names = (): string[] => readdirSync(join(root, 'made'));

  it('is in its place once it is published, and not before', async () => {
    const draft = await FolderDraft.begin(target);
    await draft.write('a/b/c.txt', 'content');
    await draft.write('z.txt', 'last');
    expect(existsSync(target)).toBe(false);
    expect(await draft.files()).toEqual(['a/b/c.txt', 'z.txt']);
    await draft.publish();
    expect(readFileSync(join(target, 'a/b/c.txt'), 'utf8')).toBe('content');
    await draft.discard();
    expect(names()).toEqual(['here']);
  });

  it('gives files second names, and two names of one file stay two names of one', async () => {
    const source = join(root, 'source');
    writeFileSync(source, 'weights');
    const draft = await FolderDraft.begin(target);
    await draft.add(source, 'one');
    await draft.add(source, 'deep/two');
    await draft.publish();
    const inode = (path: string) => statSync(path).ino;
    expect(inode(join(target, 'one'))).toBe(inode(join(target, 'deep/two')));
    expect(inode(join(target, 'one'))).toBe(inode(source));
  });

  it('leaves what was there, and nothing else, where it is given up', async () => {
    mkdirSync(target, { recursive: true });
    writeFileSync(join(target, 'former'), '');
    const draft = await FolderDraft.begin(target);
    await draft.write('new', '');
    await draft.discard();
    expect([names(), readdirSync(target)]).toEqual([['here'], ['former']]);
  });

  it('takes the place of a folder, empty or not, as a whole', async () => {
    for (const former of [[], ['former']]) {
      mkdirSync(target, { recursive: true });
      for (const name of former) writeFileSync(join(target, name), '');
      const draft = await FolderDraft.begin(target);
      await draft.write('new', '');
      await draft.publish();
      expect([names(), readdirSync(target)]).toEqual([['here'], ['new']]);
    }
  });

  it('removes what a process that is gone left of it, and not what another one is writing', async () => {
    const script = 'process.stdout.write(String(process.pid))';
    const left = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' }).stdout;
    mkdirSync(join(root, 'made'));
    const own = temporaryName(target);
    const gone = own.replace(/-\d+-/, `-${left}-`);
    for (const folder of [own, gone]) mkdirSync(folder);
    writeFileSync(join(gone, 'half'), '');
    const draft = await FolderDraft.begin(target);
    expect([existsSync(own), existsSync(gone)]).toEqual([true, false]);
    await draft.discard();
  });

  it('is not begun where there is no room for it', async () => {
    const source = join(root, 'source');
    writeFileSync(source, 'weights');
    await expect(requireRoom(target, [source], 1000)).resolves.toBeUndefined();
    const fault = await requireRoom(target, [source], 2 ** 60).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(EnvironmentFault);
    expect((fault as EnvironmentFault).message).toMatch(
      /too little room.*found \d+\.\d MB; expected \d+\.\d MB/,
    );
  });
});
