import { describe, expect, it } from 'vitest';
import { machineChecks } from '../../../cli/doctor/machine.js';

const GiB = 2 ** 30;

describe('what doctor says of the machine', () => {
  it('is what the container allows, and says so', () => {
    const checks = machineChecks({ processors: 1, bytes: 4 * GiB, freeBytes: GiB, limited: true });
    const found = (name: string) => checks.find((check) => check.name === name);
    expect(found('threads')?.found).toMatch(/^1 \(.*\), as much as the container allows$/);
    expect(found('memory')).toMatchObject({
      found: '1.0 GiB free of 4.0, as much as the container allows',
      state: 'note',
    });
  });
});
