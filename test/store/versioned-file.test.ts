import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputFault } from '../../errors/fault.js';
import { FolderObjects } from '../../store/objects/folder-objects.js';
import { sweepTemporaryFiles, temporaryName } from '../../store/temporary-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foldwise-versioned-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const hashed = (text: string): Buffer =>
  Buffer.from(`${createHash('sha256').update(text).digest('hex')} ${text}`);
const isSound = (bytes: Uint8Array): boolean => {
  const [, text] = Buffer.from(bytes).toString().split(' ');
  return text !== undefined && hashed(text).equals(bytes);
};
const open = (): FolderObjects => new FolderObjects(folder, { isSound });
const name = 'a/pointer.json';
const inside = (): string[] => readdirSync(join(folder, `${name}@`));

async function read(): Promise<{ version: string; text: string } | null> {
  const content = await open().get(name);
  if (content === null) return null;
  const bytes = await buffer(content.stream);
  return { version: content.version, text: bytes.toString().split(' ')[1] ?? '' };
}

async function write(text: string): Promise<string> {
  const before = await read();
  const version =
    before === null
      ? await open().putIfAbsent(name, hashed(text))
      : await open().putIfMatch(name, before.version, hashed(text));
  if (version === null) throw new Error('somebody else wrote');
  return version;
}

describe('a file that is replaced by compare-and-swap', () => {
  it('keeps no more than the content before, whoever lost', async () => {
    await write('0');
    for (let round = 1; round < 6; round++) {
      const { version } = (await read())!;
      const writers = Array.from({ length: 16 }, (_, index) =>
        open().putIfMatch(name, version, hashed(`${round}.${index}`)),
      );
      const won = (await Promise.all(writers)).flatMap((wrote, index) => (wrote === null ? [] : [index]));
      expect(won).toHaveLength(1);
      expect((await read())!.text).toBe(`${round}.${won[0]}`);
      expect(inside()).toHaveLength(3);
    }
  });

  it('gives to every reader what was current while it read', async () => {
    await write('0');
    let ended = false;
    const writing = (async () => {
      for (let count = 1; count <= 40; count++) await write(String(count));
      ended = true;
    })();
    const readers = Array.from({ length: 4 }, async () => {
      let latest = 0;
      while (!ended) {
        const seen = Number((await read())!.text);
        expect(seen).toBeGreaterThanOrEqual(latest);
        latest = seen;
      }
    });
    await Promise.all([writing, ...readers]);
    expect((await read())!.text).toBe('40');
  });

  it('is not replaced by who saw the one of that name before it was removed', async () => {
    const seen = await write('first');
    await open().delete(name);
    expect(await open().putIfMatch(name, seen, hashed('late'))).toBeNull();
    expect(readdirSync(join(folder, 'a'))).toEqual([]);
    await write('second');
    expect(await open().putIfMatch(name, seen, hashed('late'))).toBeNull();
    expect((await read())!.text).toBe('second');
  });

  it.each([
    ['torn', (path: string) => writeFileSync(path, 'ab')],
    ['emptied', (path: string) => writeFileSync(path, '')],
    ['gone', (path: string) => rmSync(path)],
  ])('is read as before where its content is %s, and can be replaced', async (_, damage) => {
    await write('before');
    const version = await write('after');
    chmodSync(join(folder, `${name}@`, version), 0o644);
    damage(join(folder, `${name}@`, version));
    expect(await read()).toEqual({ version, text: 'before' });
    await write('again');
    expect((await read())!.text).toBe('again');
  });

  it('has nothing to read where every content is damaged, and can be replaced still', async () => {
    const first = await write('before');
    const second = await write('after');
    for (const version of [first, second]) rmSync(join(folder, `${name}@`, version));
    expect(await read()).toEqual({ version: second, text: '' });
    await write('again');
    expect((await read())!.text).toBe('again');
  });

  it('says so where its folder does not tell what is current', async () => {
    await write('before');
    for (const entry of inside().filter((each) => each.startsWith('current')))
      rmSync(join(folder, `${name}@`, entry));
    await expect(read()).rejects.toBeInstanceOf(InputFault);
  });

  it('that was half-made by a process that was killed is nothing, and swept', async () => {
    const draft = temporaryName(join(folder, 'a', 'other@')).replace(`-${process.pid}-`, `-${2 ** 22 + 1}-`);
    mkdirSync(draft, { recursive: true });
    writeFileSync(join(draft, '1-0123456789ab'), 'half');
    await write('first');
    const names: string[] = [];
    for await (const listed of open().list('')) names.push(listed.name);
    expect(names).toEqual([name]);
    await sweepTemporaryFiles(folder);
    expect(readdirSync(join(folder, 'a'))).toEqual(['pointer.json@']);
  });
});
