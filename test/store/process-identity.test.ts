import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { identityOf, processState, thisProcess } from '../../store/process-identity.js';

const linux = existsSync('/proc/self/stat');

describe('a process', () => {
  it('is alive until it ends', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
    const identity = identityOf(child.pid!);
    expect(processState(identity)).toBe('alive');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(processState(identity)).toBe('gone');
  });

  it('is known without its start where none was written down', () => {
    expect(processState({ pid: process.pid, started: null })).toBe('alive');
    expect(processState({ pid: 2 ** 22 + 1, started: null })).toBe('gone');
    expect(processState({ pid: 0, started: null })).toBe('gone');
  });
});

describe.skipIf(!linux)(
  `a number that another process has now${linux ? '' : ' (skipped: needs /proc)'}`,
  () => {
    const { pid, started } = thisProcess();
    const [host, boot, numbers, start] = started!.split('/');

    it('is not taken for the process that had it', () => {
      expect(processState({ pid, started: `${host}/${boot}/${numbers}/${Number(start) - 1}` })).toBe('gone');
      expect(processState({ pid, started: `${host}/another-boot/${numbers}/${start}` })).toBe('gone');
    });

    it('says nothing where it was written in another container of this machine', () => {
      expect(processState({ pid, started: `${boot}/pid:[1]/${start}` })).toBe('unknown');
    });
  },
);
