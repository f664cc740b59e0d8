import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { workdirAt, writableWorkdir } from '../../cli/workdir.js';
import { InputFault } from '../../errors/fault.js';
import { mountable, SmallDisk } from '../store/small-disk.js';
import { run } from './capture.js';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'foldwise-workdir-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a workdir', () => {
  it('need not be there', () => {
    expect(workdirAt(join(folder, 'absent')).path).toBe(join(folder, 'absent'));
  });

  const refused = (path: string): void =>
    expect(() => workdirAt(path), path).toThrow(/a file in its place.*--workdir/s);

  it('is refused where a file stands in its place, or in that of one of its folders', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    refused(file);
    refused(join(file, 'below'));
    for (const name of ['.foldwise', 'runs']) {
      const workdir = join(folder, `with ${name}`);
      mkdirSync(workdir);
      writeFileSync(join(workdir, name), '');
      refused(workdir);
    }
  });

  it('is refused so by every command that reads it', async () => {
    const file = join(folder, 'other file');
    writeFileSync(file, '');
    const commands = [
      ['run', 'examples/quickstart/pipeline.yaml'],
      ['plan', 'examples/quickstart/pipeline.yaml'],
      ['dev'],
      ['worker'],
      ['status', 'x'],
      ['report', 'x'],
      ['doctor'],
    ];
    for (const command of commands) {
      await expect(run(...command, '--workdir', file), command[0]).rejects.toThrow(InputFault);
    }
  });

  it('is made where something will be written', async () => {
    const { runs } = await writableWorkdir(join(folder, 'new', 'deep'));
    expect(workdirAt(join(folder, 'new', 'deep')).runs).toBe(runs);
  });

  it.skipIf(process.platform !== 'linux')('is refused where no folder can be made', async () => {
    const refusal = writableWorkdir('/proc/foldwise');
    await expect(refusal).rejects.toThrow(/^\/proc\/foldwise: nothing can be written.*--workdir/);
    await expect(refusal).rejects.toBeInstanceOf(InputFault);
  });
});

describe.skipIf(!mountable)(
  `a workdir on a read-only disk${mountable ? '' : ' (skipped: it takes root)'}`,
  () => {
    let disk: SmallDisk;
    afterEach(() => disk.remove());

    it.each([['not made yet'], ['made']])('is refused in words: %s', async (which) => {
      disk = new SmallDisk();
      const place = join(disk.folder, 'work');
      if (which === 'made') await writableWorkdir(place);
      disk.protect();
      for (const command of ['dev', 'worker'])
        await expect(run(command, '--workdir', place)).rejects.toThrow(
          /the file system is read-only.*--workdir/,
        );
    });
  },
);
