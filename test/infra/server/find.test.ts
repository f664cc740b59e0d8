import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from '../../../infra/server/cache-lock.js';
import { findServer } from '../../../infra/server/find.js';
import { cacheFolder, executableName } from '../../../infra/server/release.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foldwise-find-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function executable(path: string): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, 0o755);
  return path;
}

describe('the Temporal executable', () => {
  it('is taken from where it is named, else from the PATH, else from the cache', () => {
    const env = {
      FOLDWISE_TEMPORAL: join(folder, 'mine'),
      PATH: join(folder, 'bin'),
      XDG_CACHE_HOME: folder,
    };
    expect(findServer(env)).toBeNull();
    const cached = executable(join(cacheFolder(env), executableName));
    expect(findServer(env)).toEqual({ path: cached, from: 'cache' });
    const onPath = executable(join(folder, 'bin', executableName));
    expect(findServer(env)).toEqual({ path: onPath, from: 'PATH' });
    const named = executable(env.FOLDWISE_TEMPORAL);
    expect(findServer(env)).toEqual({ path: named, from: 'FOLDWISE_TEMPORAL' });
  });

  it('is passed over where it cannot be executed', () => {
    const path = executable(join(folder, 'bin', executableName));
    chmodSync(path, 0o644);
    expect(findServer({ PATH: join(folder, 'bin'), XDG_CACHE_HOME: folder })).toBeNull();
  });
});

describe('the lock', () => {
  it('lets one work at a time', async () => {
    const seen: string[] = [];
    const work = (name: string) => async (): Promise<void> => {
      seen.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      seen.push(`${name} ends`);
    };
    const path = join(folder, 'lock');
    await Promise.all(['a', 'b', 'c'].map((name) => withLock(path, () => undefined, work(name))));
    for (let at = 0; at < 6; at += 2) expect(seen[at + 1]).toBe(seen[at]!.replace('begins', 'ends'));
  });

  it('is broken where its holder is gone', async () => {
    writeFileSync(join(folder, 'lock'), String(2 ** 22 + 1));
    expect(
      await withLock(
        join(folder, 'lock'),
        () => undefined,
        () => Promise.resolve('done'),
      ),
    ).toBe('done');
  });
});
