import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EnvironmentFault, InputFault } from '../../../errors/fault.js';
import { damageSigns, databasePath, inspectDatabase } from '../../../infra/server/database.js';

let workdir: string;
beforeEach(() => {
  workdir = mkdtempSync(join(tmpdir(), 'foldwise-database-'));
  mkdirSync(join(workdir, '.foldwise'));
});
afterEach(() => rmSync(workdir, { recursive: true, force: true }));

const write = (content: string | Buffer): void => writeFileSync(databasePath(workdir), content);

describe("the server's database", () => {
  it('need not be there', async () => {
    expect(await inspectDatabase(workdir)).toBe(true);
  });

  it('is left as it is where it is one', async () => {
    write(`SQLite format 3\0${'x'.repeat(4_096)}`);
    expect(await inspectDatabase(workdir)).toBe(false);
  });

  it('is made anew where a killed server had only begun it', async () => {
    write('');
    expect(await inspectDatabase(workdir)).toBe(true);
    expect(existsSync(databasePath(workdir))).toBe(false);
  });

  it.each([
    ['other bytes', 'x'.repeat(4_096)],
    ['half of its first line', 'SQLite'],
    ['zeros', Buffer.alloc(4_096)],
  ])('is named, with the remedy, where it is %s', async (_, content) => {
    write(content);
    const fault = await inspectDatabase(workdir).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(EnvironmentFault);
    expect(String(fault)).toContain(`${databasePath(workdir)}: the server's database is damaged`);
    expect(String(fault)).toContain('move it away with temporal.db-wal and temporal.db-shm');
  });

  it('is refused where its path is too long for SQLite', async () => {
    const long = join(workdir, 'x'.repeat(200), 'y'.repeat(200), 'z'.repeat(100));
    const fault = await inspectDatabase(long).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(InputFault);
    expect(String(fault)).toContain('--workdir');
  });

  it.each([
    'unable to create SQLite admin DB: database disk image is malformed (11)',
    'unable to create SQLite admin DB: file is not a database (26)',
    'error creating namespace "default": SQL logic error: no such table: namespaces (1)',
  ])('is known to be damaged by what the server says: %s', (said) => {
    expect(said).toMatch(damageSigns);
  });
});
