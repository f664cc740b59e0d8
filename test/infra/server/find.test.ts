import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findServer } from '../../../infra/server/find.js';
import { buildableVersion, cacheFolder, executableName } from '../../../infra/server/release.js';

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
    const built = executable(join(cacheFolder(env, buildableVersion), executableName));
    expect(findServer(env)).toEqual({ path: built, from: 'cache' });
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
