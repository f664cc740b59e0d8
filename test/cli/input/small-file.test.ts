import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSmallFile } from '../../../cli/input/small-file.js';

describe('a small file that an option names', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'foldwise-small-file-'));
    writeFileSync(join(folder, 'four'), 'four');
    writeFileSync(join(folder, 'empty'), '');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const read = async (name: string): Promise<string> =>
    (await readSmallFile(join(folder, name), '--tls-key', 4)).toString();

  it('is read whole, where it has as many bytes as it may, or none', async () => {
    expect(await read('four')).toBe('four');
    expect(await read('empty')).toBe('');
  });

  it('is named with its option where it is no file', async () => {
    await expect(read('none')).rejects.toThrow(
      `--tls-key (${join(folder, 'none')}): the file cannot be read; found ENOENT`,
    );
    await expect(read('.')).rejects.toThrow(`--tls-key (${folder}): the file cannot be read; found EISDIR`);
  });

  it.skipIf(process.platform === 'win32')('is read no further than it may be long', async () => {
    await expect(readSmallFile('/dev/zero', '--tls-cert', 1_000)).rejects.toThrow(
      '--tls-cert (/dev/zero): the file is too large',
    );
  });
});
