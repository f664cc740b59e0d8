import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { thisMachine } from '../../worker/machine.js';
import { sharesOf } from '../../worker/shares.js';

const GiB = 2 ** 30;
const whole = { processors: 8, bytes: 24 * GiB, freeBytes: 20 * GiB };

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'foldwise-machine-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function machine(files: Readonly<Record<string, string>>): ReturnType<typeof thisMachine> {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return thisMachine(root, whole);
}

const groups = 'sys/fs/cgroup';
const unlimited = '9223372036854771712\n';

describe('the machine', () => {
  it('is what it has where nothing limits it', () => {
    expect(machine({})).toEqual({ ...whole, limited: false });
    const first = machine({
      'proc/self/cgroup': '5:memory:/\n3:cpu,cpuacct:/\n',
      [`${groups}/memory/memory.limit_in_bytes`]: unlimited,
      [`${groups}/cpu,cpuacct/cpu.cfs_quota_us`]: '-1\n',
      [`${groups}/cpu,cpuacct/cpu.cfs_period_us`]: '100000\n',
    });
    expect(first).toEqual({ ...whole, limited: false });
    const second = machine({
      'proc/self/cgroup': '0::/user.slice\n',
      [`${groups}/user.slice/memory.max`]: 'max\n',
      [`${groups}/user.slice/cpu.max`]: 'max 100000\n',
    });
    expect(second).toEqual({ ...whole, limited: false });
  });

  it('is what a group of version 2 allows, without the files that the system would give up', () => {
    const found = machine({
      'proc/self/cgroup': '0::/\n',
      [`${groups}/memory.max`]: `${4 * GiB}\n`,
      [`${groups}/memory.current`]: `${3 * GiB}\n`,
      [`${groups}/memory.stat`]: `anon 5\ninactive_file ${GiB}\nactive_file 7\n`,
      [`${groups}/cpu.max`]: '250000 100000\n',
    });
    expect(found).toEqual({ processors: 2, bytes: 4 * GiB, freeBytes: 2 * GiB, limited: true });
  });

  it('is what groups of version 1 allow, by the path or where the container mounts its own', () => {
    const found = machine({
      'proc/self/cgroup': '5:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n',
      [`${groups}/memory/memory.limit_in_bytes`]: `${4 * GiB}\n`,
      [`${groups}/memory/memory.usage_in_bytes`]: `${GiB}\n`,
      [`${groups}/cpu,cpuacct/docker/abc/cpu.cfs_quota_us`]: '50000\n',
      [`${groups}/cpu,cpuacct/docker/abc/cpu.cfs_period_us`]: '100000\n',
    });
    expect(found).toEqual({ processors: 1, bytes: 4 * GiB, freeBytes: 3 * GiB, limited: true });
  });

  it('obeys the groups above its own, and whichever is the narrowest', () => {
    const found = machine({
      'proc/self/cgroup': '0::/kubepods/pod1/container\n',
      [`${groups}/kubepods/pod1/container/memory.max`]: `${8 * GiB}\n`,
      [`${groups}/kubepods/pod1/memory.max`]: `${6 * GiB}\n`,
      [`${groups}/kubepods/memory.max`]: 'max\n',
      [`${groups}/kubepods/cpu.max`]: '400000 100000\n',
      [`${groups}/kubepods/pod1/cpu.max`]: '600000 100000\n',
    });
    expect(found).toMatchObject({ processors: 4, bytes: 6 * GiB, limited: true });
  });

  it('gives a container of 4 GiB and half a processor one fold on one thread', () => {
    const small = machine({
      'proc/self/cgroup': '0::/\n',
      [`${groups}/memory.max`]: `${4 * GiB}\n`,
      [`${groups}/cpu.max`]: '50000 100000\n',
    });
    expect(sharesOf({}, small)).toEqual({ slots: 1, threads: 1, places: ['cpu'] });
  });
});
