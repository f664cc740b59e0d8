import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../../store/objects/object-store.js';

/** Of the stores that share one place: each is of a machine of its own. */
export interface StorePlace {
  open(): ObjectStore;
  /** Of a server that looks for an object and then, without holding it, writes another or joins its parts. */
  readonly writesUnguarded?: boolean;
}

/** A file is larger than what goes in one piece. */
export const largeBytes = 12 * 2 ** 20;

const text = (bytes: string): Uint8Array => new TextEncoder().encode(bytes);

/** What every object store promises. */
export function describeObjectStore(kind: string, place: () => StorePlace): void {
  let folder: string;
  let prefix: string;
  let tests = 0;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'foldwise-objects-'));
    prefix = `test-${++tests}`;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const open = (): ObjectStore => place().open();
  const name = (last: string): string => `${prefix}/${last}`;
  const read = async (store: ObjectStore, last: string): Promise<string | null> => {
    const content = await store.get(name(last));
    return content === null ? null : (await buffer(content.stream)).toString();
  };
  const listed = async (store: ObjectStore, of = `${prefix}/`): Promise<string[]> => {
    const names: string[] = [];
    for await (const object of store.list(of)) names.push(object.name.slice(prefix.length + 1));
    return names.sort();
  };
  const file = (bytes: Uint8Array): string => {
    const path = join(folder, `source-${Math.random()}`);
    writeFileSync(path, bytes);
    return path;
  };
  const large = (fill: number): Uint8Array => Buffer.alloc(largeBytes, fill).fill(fill + 1, largeBytes / 2);

  describe(kind, { timeout: 180_000 }, () => {
    it('gives back what was put, to every machine, with one version', async () => {
      const store = open();
      for (const [last, bytes] of [
        ['bytes', text('what was learnt')],
        ['empty', new Uint8Array()],
      ] as const) {
        const version = await store.put(name(last), bytes);
        const content = await open().get(name(last));
        expect([content?.version, content?.bytes]).toEqual([version, bytes.length]);
        expect(await buffer(content!.stream)).toEqual(Buffer.from(bytes));
        expect(await open().stat(name(last))).toMatchObject({ version, bytes: bytes.length });
        // By seconds, of some servers.
        const { modified } = (await open().stat(name(last)))!;
        expect(Math.abs(modified - open().now())).toBeLessThan(60_000);
      }
    });

    it('has nothing of a name that was not written', async () => {
      const store = open();
      expect(await store.get(name('absent'))).toBeNull();
      expect(await store.stat(name('absent'))).toBeNull();
      expect(await store.get(name('absent'), { range: { from: 0, to: 0 } })).toBeNull();
      await store.put(name('here'), text('x'));
      expect(await store.get(prefix)).toBeNull();
      expect(await store.stat(prefix)).toBeNull();
    });

    it.each([0, 5, largeBytes])(
      'takes in a file of %i bytes, and takes it away where it may',
      async (size) => {
        const bytes = size === largeBytes ? large(7) : Buffer.alloc(size, 7);
        const store = open();
        for (const move of [false, true]) {
          const path = file(bytes);
          const version = await store.put(name('file'), { path, move });
          expect(existsSync(path)).toBe(!move);
          const content = await open().get(name('file'));
          expect(content?.version).toBe(version);
          expect((await buffer(content!.stream)).equals(bytes)).toBe(true);
        }
      },
    );

    it('says of a source that is not there where it was looked for', async () => {
      const path = join(folder, 'nothing');
      await expect(open().put(name('of-nothing'), { path })).rejects.toThrow(/ENOENT|not there|nothing/);
      expect(await open().stat(name('of-nothing'))).toBeNull();
    });

    it('gives the bytes of a range, and none beyond the end', async () => {
      const store = open();
      await store.put(name('digits'), text('0123456789'));
      const ranges: [number, number, string][] = [
        [0, 1, '0'],
        [3, 7, '3456'],
        [9, 10, '9'],
        [8, 100, '89'],
        [0, 10, '0123456789'],
        [4, 4, ''],
        [10, 20, ''],
        [500, 600, ''],
      ];
      for (const [from, to, expected] of ranges) {
        const content = await store.get(name('digits'), { range: { from, to } });
        expect([content?.bytes, (await buffer(content!.stream)).toString()]).toEqual([10, expected]);
      }
      await store.put(name('none'), new Uint8Array());
      const none = await store.get(name('none'), { range: { from: 0, to: 5 } });
      expect([none?.bytes, (await buffer(none!.stream)).length]).toEqual([0, 0]);
    });

    it('is written where there is nothing, and only then', async () => {
      const store = open();
      const version = await store.putIfAbsent(name('first'), text('one'));
      expect(version).not.toBeNull();
      expect(await open().putIfAbsent(name('first'), text('two'))).toBeNull();
      expect(await read(open(), 'first')).toBe('one');
      expect((await store.stat(name('first')))?.version).toBe(version);
      await store.delete(name('first'));
      expect(await open().putIfAbsent(name('first'), text('three'))).not.toBeNull();
      await store.put(name('plain'), text('one'));
      expect(await open().putIfAbsent(name('plain'), text('two'))).toBeNull();
    });

    it('is replaced where it is what it was, and only then', async () => {
      const store = open();
      expect(
        await store.putIfMatch(name('swapped'), '"0123456789abcdef0123456789abcdef"', text('x')),
      ).toBeNull();
      const first = (await store.putIfAbsent(name('swapped'), text('one')))!;
      const second = (await open().putIfMatch(name('swapped'), first, text('two')))!;
      expect(second).not.toBeNull();
      expect(await store.putIfMatch(name('swapped'), first, text('late'))).toBeNull();
      expect(await read(open(), 'swapped')).toBe('two');
      await store.delete(name('swapped'));
      expect(await store.putIfMatch(name('swapped'), second, text('gone'))).toBeNull();
      expect(await read(open(), 'swapped')).toBeNull();
    });

    it('has one winner where 16 write a name that nothing has', async () => {
      for (let round = 0; round < 8; round++) {
        const last = `race-${round}`;
        const written = await Promise.all(
          Array.from({ length: 16 }, (_, writer) => open().putIfAbsent(name(last), text(`writer ${writer}`))),
        );
        const winners = written.flatMap((version, writer) => (version === null ? [] : [`writer ${writer}`]));
        expect(winners).toHaveLength(1);
        expect([await read(open(), last)]).toEqual(winners);
      }
    });

    it('has one winner where 16 store a large file', async ({ skip }) => {
      if (place().writesUnguarded === true) skip('this server lets several through');
      const paths = Array.from({ length: 16 }, (_, writer) => file(large(writer)));
      const written = await Promise.all(paths.map((path) => open().putIfAbsent(name('large'), { path })));
      const winners = written.flatMap((version, writer) => (version === null ? [] : [writer]));
      expect(winners).toHaveLength(1);
      const content = await open().get(name('large'));
      expect((await buffer(content!.stream)).equals(readFileSync(paths[winners[0]!]!))).toBe(true);
    });

    it('loses no step where 16 count up one number', async ({ skip }) => {
      if (place().writesUnguarded === true) skip('this server lets several through at times');
      const each = 4;
      await open().putIfAbsent(name('count'), text('0'));
      const count = async (store: ObjectStore): Promise<void> => {
        for (let steps = 0; steps < each;) {
          const content = (await store.get(name('count')))!;
          const next = Number((await buffer(content.stream)).toString()) + 1;
          if ((await store.putIfMatch(name('count'), content.version, text(String(next)))) !== null) steps++;
        }
      };
      await Promise.all(Array.from({ length: 16 }, () => count(open())));
      expect(await read(open(), 'count')).toBe(String(16 * each));
    });

    it('is whole for all who read it while it is written over', async () => {
      const sizes = [1, 70_000, 300_000];
      const store = open();
      const bytesOf = (round: number): Uint8Array => Buffer.alloc(sizes[round % 3]!, 97 + (round % 26));
      await store.put(name('whole'), bytesOf(0));
      let writing = true;
      const readers = Array.from({ length: 4 }, async () => {
        const own = open();
        let reads = 0;
        while (writing || reads === 0) {
          const content = (await own.get(name('whole')))!;
          const bytes = await buffer(content.stream);
          expect(bytes.length).toBe(content.bytes);
          expect(bytes.every((byte) => byte === bytes[0])).toBe(true);
          expect(bytes.length).toBe(sizes[(bytes[0]! - 97) % 3] ?? -1);
          reads++;
        }
      });
      for (let round = 0; round < 24; round++) await store.put(name('whole'), bytesOf(round));
      writing = false;
      await Promise.all(readers);
    });

    it('lists all whose names begin so, whatever is written and deleted beside', async () => {
      const store = open();
      const kept = ['a', 'a/b/c', 'a/bc', 'b/x', 'Z_-.9'].map(
        (last) => `kept-${last.replace('/', '-')}/${last}`,
      );
      for (const last of kept) await store.put(name(last), text(last));
      await store.putIfAbsent(name('kept-swapped'), text('seven b'));
      const [first] = kept;
      expect(await listed(store)).toEqual([...kept, 'kept-swapped'].sort());
      expect(await listed(store, `${prefix}/kept-a-b`)).toEqual(
        ['kept-a-b/c/a/b/c', 'kept-a-bc/a/bc'].filter((n) => kept.includes(n)),
      );
      expect(await listed(store, `${prefix}/nothing`)).toEqual([]);
      let busy = true;
      const others = Array.from({ length: 3 }, async (_, writer) => {
        for (let round = 0; busy; round = (round + 1) % 5) {
          await store.put(name(`other-${writer}/${round}/x`), text('x'));
          await store.delete(name(`other-${writer}/${(round + 2) % 5}/x`));
        }
      });
      for (let round = 0; round < 10; round++) {
        const names = await listed(open());
        expect(names.filter((each) => each.startsWith('kept-'))).toEqual([...kept, 'kept-swapped'].sort());
        expect(new Set(names).size).toBe(names.length);
      }
      busy = false;
      await Promise.all(others);
      for await (const { name: each, bytes, modified } of store.list(name(first!))) {
        expect([each, bytes]).toEqual([name(first!), first!.length]);
        expect(Math.abs(modified - Date.now())).toBeLessThan(600_000);
      }
    });

    it('deletes, and again without harm', async () => {
      const store = open();
      await store.put(name('deep/er/gone'), text('x'));
      await store.putIfAbsent(name('swapped'), text('x'));
      for (const last of ['deep/er/gone', 'swapped', 'never']) {
        await store.delete(name(last));
        await store.delete(name(last));
        expect(await read(store, last)).toBeNull();
      }
      expect(await listed(store)).toEqual([]);
    });

    it.each(['', '/', 'a//b', '../a', 'a/../b', '.hidden', 'a b', 'a/ä', 'a\\b', 'a@', 'x'.repeat(600)])(
      'refuses the name %j',
      async (bad) => {
        const store = open();
        for (const call of [
          () => store.get(bad),
          () => store.stat(bad),
          () => store.put(bad, text('x')),
          () => store.putIfAbsent(bad, text('x')),
          () => store.putIfMatch(bad, 'v', text('x')),
          () => store.delete(bad),
        ]) {
          await expect((async () => call())()).rejects.toBeInstanceOf(RangeError);
        }
      },
    );

    it('writes nothing once it was told to stop, and says what stopped it', async () => {
      const store = open();
      const reason = new Error('enough');
      const stopped = AbortSignal.abort(reason);
      for (const source of [text('x'), { path: file(large(1)) }]) {
        await expect(store.put(name('stopped'), source, { signal: stopped })).rejects.toBe(reason);
        await expect(store.putIfAbsent(name('stopped'), source, { signal: stopped })).rejects.toBe(reason);
      }
      expect(await store.stat(name('stopped'))).toBeNull();
    });
  });
}
