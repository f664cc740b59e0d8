import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sweepTemporaryFiles, temporaryName } from '../../store/temporary-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foldwise-temporary-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const gone = 2 ** 22 + 1;
const own = (): string => basename(temporaryName('file'));
const ofGone = (): string => own().replace(`-${process.pid}-`, `-${gone}-`);
const ofAnotherMachine = (): string => own().replace(/\.[0-9a-f]{8}-/, '.00000000-');

describe('the sweep of temporary files', () => {
  it('removes what a killed process of this machine left, in any folder below', async () => {
    mkdirSync(join(folder, 'store', 'ab'), { recursive: true });
    writeFileSync(join(folder, 'store', 'ab', ofGone()), '');
    await sweepTemporaryFiles(folder);
    expect(readdirSync(join(folder, 'store', 'ab'))).toEqual([]);
  });

  it.each([
    ['a running process writes', own],
    ['another machine may be writing', ofAnotherMachine],
    ['a person named .tmp', () => 'notes.tmp'],
    ['is a finished file', () => 'file'],
  ])('leaves what %s', async (_title, name) => {
    const file = name();
    writeFileSync(join(folder, file), '');
    await sweepTemporaryFiles(folder);
    expect(readdirSync(folder)).toEqual([file]);
  });

  it('removes what another machine has left for more than a day', async () => {
    const file = join(folder, ofAnotherMachine());
    writeFileSync(file, '');
    utimesSync(file, 0, 0);
    await sweepTemporaryFiles(folder);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('does nothing where there is no folder yet', async () => {
    await expect(sweepTemporaryFiles(join(folder, 'none'))).resolves.toBeUndefined();
  });
});
