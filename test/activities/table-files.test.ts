import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyOf } from '../../activities/identity.js';
import { requireRoots } from '../../activities/roots.js';
import { LocatedTables, type TableFiles } from '../../activities/table-files.js';
import { InputFault } from '../../errors/fault.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { sha256 } from '../../store/digest.js';
import { ForeignFiles } from '../../store/foreign-files.js';
import { FolderFiles } from '../../store/local-files.js';
import { FolderObjects } from '../../store/objects/folder-objects.js';
import { uriOf } from '../../store/s3/address.js';
import { StoredTables, uriOfTable } from '../../store/stored-tables.js';
import { fakeModels } from '../workflows/fake-trainer.js';
import { Doors } from './payloads.js';

let folder: string;
let stored: StoredTables;
/** What is in S3, by its address. */
let foreign: Map<string, string>;
let asked: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foldwise-table-files-'));
  const objects = new FolderObjects(join(folder, 'store'));
  stored = new StoredTables(objects, new FolderFiles(objects), join(folder, 'scratch'));
  foreign = new Map();
  asked = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Tables of a worker with these roots. */
function tablesOf(roots: readonly string[] | null): TableFiles {
  const objects: ConstructorParameters<typeof ForeignFiles>[0] = {
    stat: (object) => {
      asked++;
      const text = foreign.get(uriOf(object));
      return Promise.resolve(
        text === undefined ? null : { bytes: text.length, version: sha256(text), modified: 0 },
      );
    },
    get: (object) => {
      asked++;
      const text = foreign.get(uriOf(object)) ?? '';
      return Promise.resolve({
        bytes: text.length,
        version: sha256(text),
        stream: Readable.from([Buffer.from(text)], { objectMode: false }),
      });
    },
  };
  return new LocatedTables({
    roots: roots === null ? null : requireRoots(roots),
    foreign: new ForeignFiles(objects, join(folder, 'cache')),
    stored,
  });
}

const use = { where: 'data.train' };

/** The same bytes in all three places. */
async function inAllPlaces(text: string): Promise<[file: string, s3: string, store: string]> {
  mkdirSync(join(folder, 'data'), { recursive: true });
  const file = join(folder, 'data', 'train.csv');
  writeFileSync(file, text);
  foreign.set('s3://tables/data/train.csv', text);
  return [file, 's3://tables/data/train.csv', uriOfTable(await stored.put(file))];
}

describe('a table, wherever it lies', () => {
  it('is opened under the name of its place, with the same bytes', async () => {
    const places = await inAllPlaces('id,text\n');
    const tables = tablesOf(null);
    for (const place of places) {
      const { path, name } = await tables.open(place, use);
      expect([name, readFileSync(path, 'utf8')]).toEqual([place, 'id,text\n']);
      expect(await tables.digest(place, use)).toBe(sha256('id,text\n'));
    }
  });

  it('has one key, and no other table has it', async () => {
    const services = { tableFiles: tablesOf(null), models: fakeModels, engineSignature: String, roots: null };
    const key = (train: string, test?: string): Promise<string> => {
      const data = { train, ...(test === undefined ? {} : { test }), text: ['text'] };
      const pipeline = {
        task: 'multi-label',
        labels: ['joy'],
        steps: {},
        folds: { count: 2, strategy: 'stratified', seed: 42 },
        data,
      } as unknown as Pipeline;
      const settings = { fresh: false, device: 'cpu', threads: 1, execution: 'x' };
      return keyOf(services, 'prepareData', { run: 'x', pipeline, settings, inputs: {} });
    };
    const [file, s3, store] = await inAllPlaces('id,text\n');
    const keys = [];
    for (const train of [file, s3, store])
      for (const test of [file, s3, store]) keys.push(await key(train, test));
    expect(new Set(keys).size).toBe(1);
    foreign.set(s3, 'another\n');
    expect(await key(s3, store)).not.toBe(keys[0]);
    expect(await key(file)).not.toBe(keys[0]);
  });

  it('is read below the roots alone, and S3 is not asked before; what is in the store was put there for it', async () => {
    const [file, s3, store] = await inAllPlaces('id,text\n');
    const readable = async (roots: readonly string[]): Promise<boolean[]> => {
      const tables = tablesOf(roots);
      const found: boolean[] = [];
      for (const place of [file, s3, store]) {
        const calls: Promise<unknown>[] = [
          tables.requireReadable(place, use),
          tables.digest(place, use),
          tables.open(place, use),
        ];
        const answers = calls.map((call) =>
          call.then(
            () => true,
            (error: unknown) => {
              expect(error).toBeInstanceOf(InputFault);
              return false;
            },
          ),
        );
        const [first, ...others] = await Promise.all(answers);
        expect(others).toEqual([first, first]);
        found.push(first!);
      }
      return found;
    };
    expect(await readable(['s3://tables/dat', join(folder, 'dat'), 's3://others'])).toEqual([
      false,
      false,
      true,
    ]);
    expect(asked).toBe(0);
    await expect(tablesOf([folder]).digest(s3, use)).rejects.toThrow(
      'data.train: this worker may not read there; found s3://tables/data/train.csv; expected no object in S3 at all. Start the worker with its bucket or its prefix as a root (--root s3://bucket/prefix, or FOLDWISE_ROOTS).',
    );
    expect(await readable([folder])).toEqual([true, false, true]);
    expect(await readable(['s3://tables/data'])).toEqual([false, true, true]);
  });
});

describe('a pipeline that reads a table elsewhere', () => {
  const labelled = (name: string): string =>
    `id,text,${name}\n${Array.from({ length: 8 }, (_, row) => `${row},text ${row},${row % 2}\n`).join('')}`;

  it('is not prepared from another version than its key is made of, though the former comes back', async () => {
    const own = tablesOf(null);
    const other = join(folder, 'other.csv');
    writeFileSync(other, labelled('joy'));
    const opened: string[] = [];
    const tableFiles: TableFiles = {
      requireReadable: () => Promise.resolve(),
      digest: (location, of) => own.digest(location, of),
      open: (location) => {
        opened.push(location);
        return Promise.resolve({ path: other, name: location, sha256: sha256(readFileSync(other)) });
      },
    };
    const doors = new Doors({ tableFiles });
    try {
      await expect(doors.call('prepareData', doors.argument('data'))).rejects.toThrow(
        'a file that it reads was changed while it was being read',
      );
      expect(opened).toContain(join(doors.workdir, 'train.csv'));
    } finally {
      doors.remove();
    }
  });
});
