import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EnvironmentFault } from '../../errors/fault.js';
import { sha256 } from '../../store/digest.js';
import { FileCache } from '../../store/file-cache.js';
import { FolderObjects } from '../../store/objects/folder-objects.js';
import type { ObjectContent, ObjectStore } from '../../store/objects/object-store.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foldwise-file-cache-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A store elsewhere that counts what is read of it. */
class Elsewhere extends FolderObjects {
  readonly reads: { name: string; from: number }[] = [];
  /** Breaks an answer off after so many bytes. */
  breaksAt: number | null = null;
  override async get(...[name, options]: Parameters<ObjectStore['get']>): Promise<ObjectContent | null> {
    this.reads.push({ name, from: options?.range?.from ?? 0 });
    const content = await super.get(name, options);
    if (content === null || this.breaksAt === null) return content;
    const { breaksAt } = this;
    async function* broken(): AsyncGenerator<Buffer> {
      let left = breaksAt;
      for await (const part of content!.stream as AsyncIterable<Buffer>) {
        yield part.subarray(0, left);
        left -= part.length;
        if (left <= 0) throw new EnvironmentFault({ where: 'elsewhere', what: 'the answer broke off' });
      }
    }
    return { ...content, stream: Readable.from(broken(), { objectMode: false }) };
  }
}

const open = (objects: ObjectStore, mostBytes?: number): FileCache =>
  new FileCache(objects, join(folder, 'cache'), mostBytes === undefined ? {} : { mostBytes });
const elsewhere = (): Elsewhere => new Elsewhere(join(folder, 'elsewhere'));
const cached = (): string[] => readdirSync(join(folder, 'cache/files'));

/** Puts an object of so many bytes. */
async function put(
  store: Elsewhere,
  bytes: number,
  fill: number,
): Promise<{ name: string; hash: string; content: Buffer }> {
  const content = Buffer.alloc(bytes, fill);
  const hash = sha256(content);
  const name = `store/${hash}`;
  await store.put(name, content);
  return { name, hash, content };
}

describe('a file of a store elsewhere', () => {
  it('is brought once, for all who ask at once and later, in this process and the next', async () => {
    const store = elsewhere();
    const { name, hash, content } = await put(store, 3_000_000, 1);
    const cache = open(store);
    const files = await Promise.all(Array.from({ length: 8 }, () => cache.verified(name, hash)));
    for (const file of files) {
      expect(file).toMatchObject({ bytes: content.length, intact: true });
      expect(readFileSync(file!.path).equals(content)).toBe(true);
    }
    expect(await open(store).verified(name, hash)).toMatchObject({ intact: true });
    expect(store.reads).toHaveLength(1);
    expect(statSync(files[0]!.path).mode & 0o222).toBe(0);
  });

  it('is waited for where another of this machine is bringing it', async () => {
    const store = elsewhere();
    const { name, hash } = await put(store, 3_000_000, 1);
    const caches = Array.from({ length: 6 }, () => open(store));
    const files = await Promise.all(caches.map((cache) => cache.verified(name, hash)));
    expect(files.map((file) => file?.intact)).toEqual(files.map(() => true));
    expect(store.reads.length).toBeLessThanOrEqual(2);
  });

  it('is not there where the store has none', async () => {
    const store = elsewhere();
    expect(await open(store).verified('store/absent', sha256('absent'))).toBeNull();
    expect(cached()).toEqual([]);
    expect(readdirSync(join(folder, 'cache/partial'))).toEqual([]);
  });

  it('is brought on from where an attempt was cut off', async () => {
    const store = elsewhere();
    const { name, hash, content } = await put(store, 3_000_000, 1);
    const cache = open(store);
    store.breaksAt = 1_000_000;
    await expect(cache.verified(name, hash)).rejects.toThrow(/broke off/);
    expect(cached()).toEqual([]);
    store.breaksAt = null;
    expect(readFileSync((await cache.verified(name, hash))!.path).equals(content)).toBe(true);
    expect(store.reads.map(({ from }) => from)).toEqual([0, 1_000_000]);
  });

  it('is brought on from where a process that was killed left it, whatever is swept meanwhile', async () => {
    const store = elsewhere();
    const { name, hash, content } = await put(store, 3_000_000, 1);
    // A process that has ended: its number and start are nobody's.
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const own = /\.([0-9a-f]{8})-\d+-/.exec((await open(store).verified(name, hash))!.path)?.[1];
    rmSync(join(folder, 'cache'), { recursive: true });
    mkdirSync(join(folder, 'cache/partial'), { recursive: true });
    const left = join(folder, `cache/partial/${hash}.${own}-${pid}-00000000-00000000.tmp.part`);
    writeFileSync(left, content.subarray(0, 2_000_000));
    store.reads.length = 0;
    expect((await open(store).verified(name, hash))?.intact).toBe(true);
    expect(store.reads.map(({ from }) => from)).toEqual([2_000_000]);
    expect(existsSync(left)).toBe(false);
  });

  it('is brought anew where what was left of it is of something else', async () => {
    const store = elsewhere();
    const { name, hash, content } = await put(store, 3_000_000, 1);
    const cache = open(store);
    store.breaksAt = 1_000_000;
    await expect(cache.verified(name, hash)).rejects.toThrow();
    const [partial] = readdirSync(join(folder, 'cache/partial'));
    writeFileSync(join(folder, 'cache/partial', partial!), Buffer.alloc(1_500_000, 9));
    store.breaksAt = null;
    const file = await cache.verified(name, hash);
    expect(file?.intact).toBe(true);
    expect(readFileSync(file!.path).equals(content)).toBe(true);
  });

  it('is brought anew where it was damaged here, and is told to be damaged where the store has it so', async () => {
    const store = elsewhere();
    const { name, hash, content } = await put(store, 1_000_000, 1);
    const { path } = (await open(store).verified(name, hash))!;
    chmodSync(path, 0o644);
    writeFileSync(path, 'damaged');
    const again = await open(store).verified(name, hash);
    expect(again?.intact).toBe(true);
    expect(readFileSync(again!.path).equals(content)).toBe(true);
    const wrong = sha256('something else');
    expect(await open(store).verified(name, wrong)).toMatchObject({ intact: false, bytes: content.length });
    expect(cached()).toEqual([hash]);
  });

  it('is kept when it was made here', async () => {
    const store = elsewhere();
    const { name, hash, content } = await put(store, 1_000, 1);
    const made = join(folder, 'made');
    writeFileSync(made, content);
    const cache = open(store);
    await cache.take(name, hash, made);
    expect(existsSync(made)).toBe(false);
    expect((await cache.verified(name, hash))?.intact).toBe(true);
    expect(store.reads).toEqual([]);
  });
});

describe('the room that such files take', () => {
  it('is bounded: what was used least lately goes, what is in use stays', async () => {
    const store = elsewhere();
    const objects = [];
    for (let fill = 0; fill < 8; fill++) objects.push(await put(store, 1_000_000, fill));
    const reader = open(store, 100_000_000);
    const inUse = await reader.verified(objects[0]!.name, objects[0]!.hash);
    for (const { hash, content } of objects.slice(1)) {
      // Files of processes that have ended.
      const path = join(folder, 'cache/files', hash);
      writeFileSync(path, content);
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    const other = open(store, 4_500_000);
    const used = await other.verified(objects[1]!.name, objects[1]!.hash);
    const fresh = await put(store, 1_000_000, 77);
    const brought = await other.verified(fresh.name, fresh.hash);
    const left = cached();
    expect(left).toContain(objects[0]!.hash);
    expect(left).toContain(objects[1]!.hash);
    expect(left).toContain(fresh.hash);
    expect(left).toContain(objects[7]!.hash);
    expect(left).not.toContain(objects[2]!.hash);
    expect(left).toHaveLength(4);
    for (const file of [inUse, used, brought]) expect(existsSync(file!.path)).toBe(true);
  });

  it('never takes a file from whoever was given it', async () => {
    const store = elsewhere();
    const cache = open(store, 1);
    const paths: string[] = [];
    for (let fill = 0; fill < 5; fill++) {
      const { name, hash } = await put(store, 10_000, fill);
      paths.push((await cache.verified(name, hash))!.path);
    }
    for (const [fill, path] of paths.entries()) expect(readFileSync(path)[0]).toBe(fill);
    // Another process finds them all again, or brings them.
    for (const [fill, path] of paths.entries()) {
      const hash = sha256(readFileSync(path));
      expect(readFileSync((await open(store, 1).verified(`store/${hash}`, hash))!.path)[0]).toBe(fill);
    }
  });
});
