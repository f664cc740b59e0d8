import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sweepTemporaryFiles, temporaryName } from '../../store/temporary-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foldwise-temporary-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const gone = 2 ** 22 + 1;
const own = (): string => basename(temporaryName('file'));
const ofGone = (): string => own().replace(`-${process.pid}-`, `-${gone}-`);
/** As after a container was started again: the same host, and the number that this process has now. */
const ofFormerHolderOfTheNumber = (): string =>
  own().replace(/-[0-9a-f]{8}-([0-9a-f]{8}\.tmp)$/, '-00000000-$1');
const ofAnotherMachine = (): string => own().replace(/\.[0-9a-f]{8}-/, '.00000000-');

describe('the sweep of temporary files', () => {
  it('removes what a killed process of this machine left, in any folder below', async () => {
    mkdirSync(join(folder, 'store', 'ab'), { recursive: true });
    writeFileSync(join(folder, 'store', 'ab', ofGone()), '');
    await sweepTemporaryFiles(folder);
    expect(readdirSync(join(folder, 'store', 'ab'))).toEqual([]);
  });

  it('removes what another process left that had the number of one that runs now', async () => {
    writeFileSync(join(folder, ofFormerHolderOfTheNumber()), '');
    await sweepTemporaryFiles(folder);
    expect(readdirSync(folder)).toEqual([]);
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

  it('removes what another machine has left alone for long, whatever its time of writing', async () => {
    writeFileSync(join(folder, ofAnotherMachine()), '');
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 2 * 3_600_000);
    await sweepTemporaryFiles(folder);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves a second name that another machine has just made of an old file', async () => {
    const [old, file] = [join(folder, 'old'), join(folder, ofAnotherMachine())];
    writeFileSync(old, '');
    utimesSync(old, 0, 0);
    linkSync(old, file);
    await sweepTemporaryFiles(folder);
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it('does nothing where there is no folder yet', async () => {
    await expect(sweepTemporaryFiles(join(folder, 'none'))).resolves.toBeUndefined();
  });
});
