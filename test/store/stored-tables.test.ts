import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputFault } from '../../errors/fault.js';
import { sha256 } from '../../store/digest.js';
import { FolderFiles } from '../../store/local-files.js';
import { FolderObjects } from '../../store/objects/folder-objects.js';
import { storedTable, StoredTables, uriOfTable } from '../../store/stored-tables.js';

let folder: string;
let objects: FolderObjects;
let tables: StoredTables;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foldwise-stored-tables-'));
  objects = new FolderObjects(join(folder, 'store'));
  tables = new StoredTables(objects, new FolderFiles(objects), join(folder, 'scratch'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe('tables that are put into the store', () => {
  it('are named by their bytes and their file, and read back', async () => {
    const path = file('Train set (ä).v2.csv', 'a,b\n');
    const table = await tables.put(path);
    expect(table).toEqual({ sha256: sha256('a,b\n'), file: 'Train-set-.v2.csv' });
    expect(storedTable(uriOfTable(table))).toEqual(table);
    writeFileSync(path, 'another');
    expect(readFileSync(await tables.localPath(table), 'utf8')).toBe('a,b\n');
    expect((await tables.put(path)).sha256).toBe(sha256('another'));
    expect(await tables.put(file('Train set (ä).v2.csv', 'a,b\n'))).toEqual(table);
  });

  it.each(['.csv', '-x.csv', '..x', 'x'.repeat(200) + '.jsonl', 'ä.csv', '…'])(
    'have a name that can be named, whatever their file is called: %s',
    async (name) => {
      const table = await tables.put(file(name, name));
      expect(storedTable(uriOfTable(table))).toEqual(table);
      if (name.endsWith('.jsonl')) expect(table.file).toMatch(/\.jsonl$/);
    },
  );

  it('are told where they are not there, and refused where they are damaged', async () => {
    const absent = tables.localPath({ sha256: sha256('none'), file: 'none.csv' });
    await expect(absent).rejects.toBeInstanceOf(InputFault);
    await expect(absent).rejects.toThrow(/there is no such table in the store.*foldwise store put FILE/);
    const table = await tables.put(file('x.csv', 'a table'));
    const path = await tables.localPath(table);
    chmodSync(path, 0o644);
    writeFileSync(path, 'spoilt table');
    await expect(tables.localPath(table)).rejects.toThrow(/the table is damaged in the store/);
    await tables.put(join(folder, 'x.csv'));
    expect(readFileSync(await tables.localPath(table), 'utf8')).toBe('a table');
  });

  it('are files', async () => {
    for (const path of [folder, join(folder, 'none'), join(folder, 'none', 'none')])
      await expect(tables.put(path)).rejects.toThrow('there is no such file');
  });
});
