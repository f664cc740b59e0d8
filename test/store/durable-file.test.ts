import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from '../../store/durable-file.js';

const proc = existsSync('/proc/self');

describe('a folder that is made', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'foldwise-folder-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('comes with those above it, also where several make it at once', async () => {
    const path = join(folder, 'a', 'b', 'c');
    await Promise.all([makeFolder(path), makeFolder(path), makeFolder(join(folder, 'a', 'd'))]);
    await makeFolder(path);
    expect([existsSync(path), existsSync(join(folder, 'a', 'd'))]).toEqual([true, true]);
  });

  it('is there for each who makes it, also where others take it away meanwhile', async () => {
    const path = join(folder, 'made');
    const makers = Array.from({ length: 4 }, async () => {
      for (let round = 0; round < 500; round++) await makeFolder(path);
    });
    let made = false;
    const removers = Array.from({ length: 2 }, async () => {
      while (!made) await rmdir(path).catch(() => undefined);
    });
    await Promise.all(makers).finally(() => (made = true));
    await Promise.all(removers);
  });

  it('is refused where a link to nowhere has its name', async () => {
    symlinkSync(join(folder, 'nowhere'), join(folder, 'link'));
    await expect(makeFolder(join(folder, 'link'))).rejects.toThrow('EEXIST');
  });

  it('is refused where a file has its name, or that of one above it', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(makeFolder(join(folder, 'file'))).rejects.toThrow('EEXIST');
    await expect(makeFolder(join(folder, 'file', 'below'))).rejects.toThrow('ENOTDIR');
  });

  it.skipIf(!proc)(`is refused at once below /proc${proc ? '' : ' (skipped: there is none)'}`, async () => {
    await expect(makeFolder('/proc/x/y')).rejects.toThrow('ENOENT');
  });
});
