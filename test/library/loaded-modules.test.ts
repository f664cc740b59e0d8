import { describe, expect, it } from 'vitest';
import { built, withoutBuild } from '../cli/built-command-line.js';
import { loadedFiles } from '../setup/loaded-files.js';

const forbidden =
  /^(?:cli|workflows|report|bench|infra|data\/csv|engine\/(?:training\/(?!signature)|optim|losses|schedules|autodiff|kernels|export)|worker\/(?!machine))/;

describe.skipIf(!built)(`what an import of foldwise loads${withoutBuild}`, { timeout: 120_000 }, () => {
  it('is what prediction needs: neither Temporal nor the trainer, the report or the commands', async () => {
    const { code, err, files, ours, packages } = await loadedFiles('library/index.js');
    expect([code, err]).toEqual([0, '']);
    expect(packages).toEqual(['tokenizers', 'yaml', 'zod']);
    expect(ours.filter((file) => forbidden.test(file))).toEqual([]);
    expect(ours).toContain('library/index.js');
    expect(ours.length).toBeLessThan(300);
    expect(files.length).toBeLessThan(600);
  });

  it('and what computes there, once an ensemble is opened, knows nothing of training either', async () => {
    const { code, ours, packages } = await loadedFiles('engine/device/cpu/device.js');
    expect([code, packages]).toEqual([0, ['koffi']]);
    expect(ours.filter((file) => forbidden.test(file))).toEqual([]);
  });
});
