import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { zip } from '../../../bench/fuzz/zip-archive.js';
import { obtainWheelFolder, type WheelFolder } from '../../../infra/wheel/wheel-folder.js';
import { sha256 } from '../../../store/digest.js';

const core = Buffer.from('the core');
const provider = Buffer.alloc(300_000, 'provider ');
const bytes = Buffer.from(
  zip([
    { name: 'package/libs/core.so', bytes: core },
    { name: 'package/other.py', bytes: Buffer.from('print()') },
    { name: 'package/libs/provider.so', bytes: provider },
  ]),
);
const wheelName = 'some_package-1.0-cp312-cp312-manylinux_2_28_x86_64.whl';

let folder: string;
let index: Server;
/** How the stand-in for the registry answers one who asks for the file. */
let serve: (response: ServerResponse) => void;
let asked: string[];
const path = process.env['PATH'];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'foldwise-wheel-'));
  asked = [];
  serve = (response) => response.end(bytes);
  index = createServer(({ url = '' }, response) => {
    asked.push(url);
    const page = { files: [{ filename: wheelName, url: `/files/${wheelName}` }] };
    if (url.startsWith('/simple/')) response.end(JSON.stringify(page));
    else serve(response);
  });
  await new Promise<void>((resolve) => index.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('PIP_INDEX_URL', `http://127.0.0.1:${(index.address() as AddressInfo).port}/simple`);
  usePython(null);
});

afterEach(() => {
  vi.unstubAllEnvs();
  index.close();
  index.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

/** Lets `python3` be a program of the shell's, beside the shell's own; or none. */
function usePython(script: string | null): void {
  const programs = join(folder, 'programs');
  mkdirSync(programs, { recursive: true });
  vi.stubEnv('PATH', script === null ? programs : [programs, path].join(delimiter));
  if (script === null) return;
  writeFileSync(join(programs, 'python3'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(programs, 'python3'), 0o755);
}

function source(changes: Partial<WheelFolder> = {}): WheelFolder {
  return {
    title: 'the provider',
    wheel: {
      project: 'some-package',
      version: '1.0',
      name: wheelName,
      sha256: sha256(bytes),
      bytes: bytes.length,
    },
    entries: [
      { name: 'package/libs/core.so', sha256: sha256(core), bytes: core.length },
      { name: 'package/libs/provider.so', sha256: sha256(provider), bytes: provider.length },
    ],
    folder: join(folder, 'kept', 'provider-1.0'),
    remedy: 'Copy it.',
    ...changes,
  };
}

async function obtain(wanted: WheelFolder = source(), told: string[] = []): Promise<boolean> {
  return obtainWheelFolder(wanted, {
    isThere: () => existsSync(join(wanted.folder, 'provider.so')),
    onMessage: (message) => told.push(message),
    onBytes: (count, total) => void (count === total && told.push(`${count} of ${total}`)),
  });
}

/** What lies beside the folder and in it. */
const left = (): string[] =>
  existsSync(join(folder, 'kept'))
    ? readdirSync(join(folder, 'kept'), { recursive: true }).map(String).sort()
    : [];

describe('a folder from a wheel', () => {
  it('is fetched whole, and then not again', async () => {
    serve = (response) => {
      response.setHeader('content-length', bytes.length);
      response.end(bytes);
    };
    const told: string[] = [];
    expect(await obtain(source(), told)).toBe(true);
    expect(left()).toEqual(['provider-1.0', 'provider-1.0/core.so', 'provider-1.0/provider.so']);
    expect(readFileSync(join(source().folder, 'provider.so'))).toEqual(provider);
    expect(told).toEqual([
      expect.stringMatching(
        /^Fetching the provider from the Python registry \(the wheel some-package 1\.0\)/,
      ),
      `${bytes.length} of ${bytes.length}`,
    ]);
    const requests = asked.length;
    expect(await obtain()).toBe(false);
    expect(asked).toHaveLength(requests);
  });

  it('is fetched once where several ask at a time', async () => {
    const got = await Promise.all([obtain(), obtain(), obtain()]);
    expect(got.sort()).toEqual([false, false, true]);
    expect(asked.filter((url) => url.startsWith('/files/'))).toHaveLength(1);
  });

  it.each([
    ['the wheel is another', () => ({ wheel: { ...source().wheel, sha256: sha256('another') } }), wheelName],
    [
      'a file in it is another',
      () => ({ entries: [{ name: 'package/libs/core.so', sha256: sha256('another'), bytes: 1 }] }),
      'package/libs/core.so',
    ],
  ])('is refused, and nothing is left, where %s', async (_, changes, name) => {
    await expect(obtain(source(changes()))).rejects.toThrow(
      `the provider: it could not be fetched; found ${name} does not have the SHA-256 that is pinned for it. Copy it.`,
    );
    expect(left()).toEqual([]);
  });

  it('is refused where the wheel lacks a file', async () => {
    const entries = [{ name: 'package/absent.so', sha256: sha256(''), bytes: 1 }];
    await expect(obtain(source({ entries }))).rejects.toThrow('the wheel has no package/absent.so');
    expect(left()).toEqual([]);
  });

  it('leaves nothing of a download that breaks off, and begins anew', async () => {
    serve = (response) => {
      response.setHeader('content-length', bytes.length);
      response.write(bytes.subarray(0, 1000), () => response.destroy());
    };
    await expect(obtain()).rejects.toThrow(
      /it could not be fetched; found .*; by pip: Python is not installed/,
    );
    expect(left()).toEqual([]);
    serve = (response) => response.end(bytes);
    expect(await obtain()).toBe(true);
  });

  it('says in one message where there is no room, before anything is asked', async () => {
    const wheel = { ...source().wheel, bytes: 2 ** 60 };
    await expect(obtain(source({ wheel }))).rejects.toThrow(
      /there is too little room for the folder; found .* MB/,
    );
    expect(asked).toEqual([]);
  });

  it('takes no place that holds something else', async () => {
    mkdirSync(source().folder, { recursive: true });
    writeFileSync(join(source().folder, 'thesis.txt'), 'all of it');
    await expect(obtain()).rejects.toThrow(/it holds something else; found thesis\.txt/);
    expect(readFileSync(join(source().folder, 'thesis.txt'), 'utf8')).toBe('all of it');
  });

  it.skipIf(process.platform === 'win32')('comes by pip where the index does not give it', async () => {
    serve = (response) => {
      response.statusCode = 403;
      response.end();
    };
    writeFileSync(join(folder, 'wheel'), bytes);
    usePython(
      `echo "$@" > "${folder}/arguments"
       while [ "$1" != --dest ]; do shift; done
       cp "${folder}/wheel" "$2/${wheelName}"`,
    );
    expect(await obtain()).toBe(true);
    expect(readFileSync(join(folder, 'arguments'), 'utf8')).toContain(
      '--python-version 3.12 --implementation cp --abi cp312 --platform manylinux_2_28_x86_64 --dest',
    );
  });
});
