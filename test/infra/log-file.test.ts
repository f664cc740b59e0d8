import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFile, rotate } from '../../infra/log-file.js';
import { mountable, SmallDisk } from '../store/small-disk.js';

const bytes = 4_096;
const line = `${'x'.repeat(99)}\n`;

describe('a log', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'foldwise-log-'));
    path = join(folder, 'a.log');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('stays within its bounds, however much is written, and keeps what was written last', () => {
    const log = new LogFile(path, bytes);
    for (let i = 0; i < 1_000; i++) log.write(line);
    log.write('the last\n');
    log.close();
    expect(statSync(path).size).toBeLessThan(2 * bytes);
    expect(statSync(`${path}.1`).size).toBeLessThan(2 * bytes);
    expect(readFileSync(path, 'utf8').endsWith('the last\n')).toBe(true);
    expect(readFileSync(`${path}.1`, 'utf8')).toMatch(/^(x{99}\n)+$/);
  });

  it('is shared by several that append, each of which goes on after it was cut', () => {
    const [one, other] = [new LogFile(path, bytes), new LogFile(path, bytes)];
    for (let i = 0; i < 200; i++) for (const log of [one, other]) log.write(line);
    one.write('one\n');
    other.write('other\n');
    for (const log of [one, other]) log.close();
    expect(readFileSync(path, 'utf8').endsWith('one\nother\n')).toBe(true);
    expect(statSync(path).size).toBeLessThan(2 * bytes);
  });

  it('is cut only where it is too long, and need not be there', () => {
    rotate(path, bytes);
    new LogFile(path, bytes).write(line);
    rotate(path, bytes);
    expect([readFileSync(path, 'utf8'), existsSync(`${path}.1`)]).toEqual([line, false]);
  });

  it('loses what it cannot write, and goes on once it can', () => {
    const log = new LogFile(join(folder, 'absent', 'a.log'));
    log.write(line);
    expect(existsSync(log.path)).toBe(false);
  });

  it.skipIf(!mountable)(`ends nothing on a full disk${mountable ? '' : ' (skipped: it takes root)'}`, () => {
    const disk = new SmallDisk();
    try {
      const log = new LogFile(join(disk.folder, 'a.log'));
      log.write(line);
      disk.fill();
      for (let i = 0; i < 100; i++) log.write(line);
      disk.free();
      log.write('after\n');
      log.close();
      expect(readFileSync(log.path, 'utf8').endsWith('after\n')).toBe(true);
    } finally {
      disk.remove();
    }
  });
});
