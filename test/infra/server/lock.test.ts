import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeLock, withLock } from '../../../infra/server/lock.js';
import { thisProcess } from '../../../store/process-identity.js';
import { mountable, SmallDisk } from '../../store/small-disk.js';

describe('the lock', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'foldwise-lock-'));
    path = join(folder, 'state', 'lock');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const nothing = (): void => undefined;
  const done = (): Promise<string> => Promise.resolve('done');

  /** Left by somebody, `seconds` ago. */
  const left = (content: string, seconds = 0): void => {
    path = join(folder, 'lock');
    writeFileSync(path, content);
    const then = Date.now() / 1000 - seconds;
    utimesSync(path, then, then);
  };

  it('lets one work at a time, and is gone afterwards', async () => {
    const seen: string[] = [];
    const work = (name: string) => async (): Promise<void> => {
      seen.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      seen.push(`${name} ends`);
    };
    await Promise.all(['a', 'b', 'c'].map((name) => withLock(path, nothing, work(name))));
    for (let at = 0; at < 6; at += 2) expect(seen[at + 1]).toBe(seen[at]!.replace('begins', 'ends'));
    expect(existsSync(path)).toBe(false);
  });

  it('is refused to another where nobody waits for it', async () => {
    const held = await takeLock(path);
    expect(await takeLock(path)).toBeNull();
    await held!.release();
    const again = await takeLock(path);
    expect(again).not.toBeNull();
    await again!.release();
  });

  it('names its holder', async () => {
    await withLock(path, nothing, () => {
      expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(thisProcess());
      return done();
    });
  });

  it('is broken where its holder is gone', async () => {
    left(JSON.stringify({ pid: 2 ** 22 + 1, started: null }));
    expect(await withLock(path, nothing, done)).toBe('done');
  });

  it.skipIf(thisProcess().started === null)('is broken where another has its number now', async () => {
    const { pid, started } = thisProcess();
    left(JSON.stringify({ pid, started: `${started}0` }));
    expect(await withLock(path, nothing, done)).toBe('done');
  });

  it.each([
    ['nothing', ''],
    ['a number alone', '1'],
    ['half of it', '{"pid":'],
  ])('is broken where it has held %s for some seconds', async (_, content) => {
    left(content, 6);
    expect(await withLock(path, nothing, done)).toBe('done');
  });

  it('is waited for while its holder lives, and no longer than one wants', async () => {
    left(JSON.stringify(thisProcess()), 3_600);
    let waits = 0;
    const waiting = withLock(path, () => waits++, done, AbortSignal.timeout(700));
    await expect(waiting).rejects.toThrow(/abort/i);
    expect([waits, existsSync(path)]).toEqual([1, true]);
  });

  it('of another container is broken once nobody has refreshed it for a minute', async () => {
    const holder = JSON.stringify({ pid: 7, started: 'elsewhere/boot/pid:[1]/7' });
    left(holder, 10);
    await expect(withLock(path, nothing, done, AbortSignal.timeout(500))).rejects.toThrow(/abort/i);
    left(holder, 70);
    expect(await withLock(path, nothing, done)).toBe('done');
  });

  it.skipIf(!mountable)(
    `is not left on a full disk${mountable ? '' : ' (skipped: it takes root)'}`,
    async () => {
      const disk = new SmallDisk();
      try {
        disk.fill();
        const lock = join(disk.folder, 'lock');
        await expect(withLock(lock, nothing, done)).rejects.toThrow(/taking the lock failed; found ENOSPC/);
        disk.free();
        expect(disk.files()).toEqual([]);
        expect(await withLock(lock, nothing, done)).toBe('done');
      } finally {
        disk.remove();
      }
    },
  );
});
