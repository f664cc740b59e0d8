import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EnvironmentFault, InputFault } from '../../errors/fault.js';
import type { Artifacts } from '../../store/artifacts.js';
import { fileSha256, sha256 } from '../../store/digest.js';
import { ArtifactDamaged, ArtifactMissing } from '../../store/faults.js';
import type { KeyIndex } from '../../store/keys.js';
import type { ArtifactRef } from '../../store/store.js';
import { folderState } from './folder-state.js';

vi.mock(import('../../store/digest.js'), async (original) => {
  const digest = await original();
  return { ...digest, fileSha256: vi.fn(digest.fileSha256) };
});
const hashedFiles = vi.mocked(fileSha256);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foldwise-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bytes = new TextEncoder().encode('what was learnt');
const fileOf = (ref: ArtifactRef): string =>
  join(folder, 'store', 'sha256', ref.sha256.slice(0, 2), ref.sha256);
const open = (): Artifacts => folderState(folder).store;

const damages: [string, (path: string) => void][] = [
  ['truncated', (path) => truncateSync(path, 5)],
  ['emptied', (path) => truncateSync(path, 0)],
  [
    'bit-flipped',
    (path) => {
      const flipped = readFileSync(path);
      flipped[3]! ^= 1;
      writeFileSync(path, flipped);
    },
  ],
];

describe('an artifact', () => {
  it('comes back as it went in, and is stored once', async () => {
    const store = open();
    const ref = await store.putBytes(bytes);
    expect(await store.putBytes(bytes)).toEqual(ref);
    expect(await open().getBytes(ref)).toEqual(Buffer.from(bytes));
    expect(ref).toMatchObject({ bytes: bytes.length, uri: `artifact:sha256/${ref.sha256}` });
    expect(readdirSync(join(folder, 'store'), { recursive: true })).toHaveLength(3);
  });

  it.each([true, false])('is taken in from a file (moved: %s)', async (move) => {
    const source = join(folder, 'source');
    writeFileSync(source, bytes);
    const ref = await open().putFile(source, { move });
    expect(existsSync(source)).toBe(!move);
    expect(readFileSync(await open().localPath(ref))).toEqual(Buffer.from(bytes));
  });

  it('of a file that is moved is read once, and not at all where its hash is known', async () => {
    const source = join(folder, 'source');
    for (const [known, reads] of [
      [{}, 1],
      [{ sha256: sha256(bytes) }, 0],
    ] as const) {
      const kept = folderState(mkdtempSync(join(folder, 'kept-'))).store;
      writeFileSync(source, bytes);
      hashedFiles.mockClear();
      const ref = await kept.putFile(source, { move: true, ...known });
      await kept.localPath(ref);
      expect(ref.sha256).toBe(sha256(bytes));
      expect(hashedFiles).toHaveBeenCalledTimes(reads);
    }
  });

  it('that was changed since it was moved in is looked through, and not returned', async () => {
    const source = join(folder, 'source');
    const store = open();
    writeFileSync(source, bytes);
    const ref = await store.putFile(source, { move: true, sha256: sha256(bytes) });
    chmodSync(fileOf(ref), 0o644);
    writeFileSync(fileOf(ref), 'what is not learnt');
    await expect(store.localPath(ref)).rejects.toBeInstanceOf(ArtifactDamaged);
  });

  it('does not follow a source file that is changed later', async () => {
    const source = join(folder, 'source');
    writeFileSync(source, bytes);
    const store = open();
    const ref = await store.putFile(source);
    writeFileSync(source, 'something else');
    expect(await store.getBytes(ref)).toEqual(Buffer.from(bytes));
  });

  it.each(damages)(
    'that was %s is never returned, is set aside, and can be put anew',
    async (_title, damage) => {
      const store = open();
      const ref = await store.putBytes(bytes);
      chmodSync(fileOf(ref), 0o644);
      damage(fileOf(ref));
      await expect(store.getBytes(ref)).rejects.toBeInstanceOf(ArtifactDamaged);
      await expect(store.getBytes(ref)).rejects.toBeInstanceOf(ArtifactMissing);
      expect(existsSync(join(folder, 'store', 'damaged', ref.sha256))).toBe(true);
      await store.putBytes(bytes);
      expect(await store.getBytes(ref)).toEqual(Buffer.from(bytes));
    },
  );

  it.each(damages)(
    'that was %s after it was verified is noticed as a local path, too',
    async (_title, damage) => {
      const store = open();
      const ref = await store.putBytes(bytes);
      await store.localPath(ref);
      chmodSync(fileOf(ref), 0o644);
      damage(fileOf(ref));
      await expect(store.localPath(ref)).rejects.toBeInstanceOf(ArtifactDamaged);
      expect(await store.has(ref)).toBe(false);
    },
  );

  it.each(['../../../etc/passwd', '', 'AB'.repeat(32)])(
    'is not looked for under the hash %j',
    async (sha256) => {
      const ref = { uri: 'artifact:x', sha256, bytes: 1 };
      await expect(open().getBytes(ref)).rejects.toBeInstanceOf(ArtifactMissing);
    },
  );

  it('stays where it is when somebody names it with another size', async () => {
    const store = open();
    const ref = await store.putBytes(bytes);
    for (const named of [
      { ...ref, bytes: 3 },
      { ...ref, bytes: 2 ** 40 },
    ]) {
      await expect(store.getBytes(named)).rejects.toBeInstanceOf(InputFault);
      await expect(open().localPath(named)).rejects.toThrow(/another size than the artifact has/);
    }
    expect(await open().getBytes(ref)).toEqual(Buffer.from(bytes));
  });

  it('cannot be written where a file is in the way, which is a fault that is retried', async () => {
    writeFileSync(join(folder, 'store'), 'not a folder');
    const failure: unknown = await open()
      .putBytes(bytes)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EnvironmentFault);
    expect((failure as Error).message).toMatch(/failed; found (ENOTDIR|EEXIST)/);
  });

  it.skipIf(process.getuid?.() === 0)(
    'cannot be written into a read-only folder (skipped for root)',
    async () => {
      chmodSync(folder, 0o555);
      await expect(open().putBytes(bytes)).rejects.toMatchObject({ retryable: true });
      chmodSync(folder, 0o755);
    },
  );
});

describe('a recorded step', () => {
  const key = 'ab'.repeat(32);
  const index = (): { keys: KeyIndex; store: Artifacts } => folderState(folder);

  it('is found again with its output', async () => {
    const { keys, store } = index();
    const output = { rows: 3, table: await store.putBytes(bytes) };
    expect(await keys.find(key)).toBeNull();
    await keys.record({ key, activity: 'prepareData', run: 'first', output });
    expect(await index().keys.find(key)).toEqual({ key, activity: 'prepareData', run: 'first', output });
  });

  it.each(damages)('counts as absent where an artifact of its output was %s', async (_title, damage) => {
    const { keys, store } = index();
    const table = await store.putBytes(bytes);
    await keys.record({ key, activity: 'prepareData', run: 'first', output: { deep: [{ table }] } });
    chmodSync(fileOf(table), 0o644);
    damage(fileOf(table));
    expect(await index().keys.find(key)).toBeNull();
  });

  it.each(damages)('counts as absent where its record was %s', async (_title, damage) => {
    const { keys } = index();
    await keys.record({ key, activity: 'prepareData', run: 'first', output: { rows: 3 } });
    chmodSync(join(folder, 'keys', 'ab', `${key}.json`), 0o644);
    damage(join(folder, 'keys', 'ab', `${key}.json`));
    expect(await keys.find(key)).toBeNull();
  });
});
