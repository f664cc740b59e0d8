import { describe, expect, it } from 'vitest';
import type { RunMeasurement } from '../../../bench/store/measure.js';
import { summarise, table } from '../../../bench/store/summary.js';

const run: RunMeasurement = {
  seconds: 10,
  trainingSeconds: 6,
  store: { writtenBytes: 2e6, calls: 30, seconds: 1 },
  checkpoints: { count: 4, bytes: 8e6, stoodSeconds: 2, kept: 3 },
  overlap: { uploadSeconds: 2, share: 0.5, steps: 7, slowdown: 1.2 },
  digests: { 'oof.csv': 'a', 'models/1/model.safetensors': 'b' },
};

describe('what S3 costs', () => {
  it('is told turn by turn, by what the folder took in the same turn', () => {
    const slower = { ...run, seconds: 12 };
    const summary = summarise('a pipeline', [
      { folder: run, s3: slower },
      { folder: { ...run, seconds: 20 }, s3: { ...run, seconds: 22 } },
      { folder: run, s3: run },
    ]);
    expect(summary.ratio).toEqual({ median: 1.1, min: 1, max: 1.2 });
    expect(summary.same).toBe(2);
    expect(table(summary)).toContain('1.10 [1.00–1.20] times as long');
  });

  it('counts the share of all uploads, those without any left out', () => {
    const none = { ...run, overlap: { uploadSeconds: 0, share: null, steps: 0, slowdown: null } };
    const longer = { ...run, overlap: { uploadSeconds: 6, share: 1, steps: 20, slowdown: 1 } };
    const { sides } = summarise('a pipeline', [
      { folder: none, s3: run },
      { folder: none, s3: longer },
    ]);
    expect(sides.folder.share).toBeNull();
    expect(sides.s3.share).toBe(7 / 8);
    expect(sides.s3.stepsMeanwhile).toBe(27);
  });

  it('names the files that differ', () => {
    const other = { ...run, digests: { ...run.digests, 'oof.csv': 'x' } };
    const summary = summarise('a pipeline', [{ folder: run, s3: other }]);
    expect(summary.differing).toEqual(['oof.csv']);
    expect(table(summary)).toContain('FAILED: other bits in oof.csv');
  });
});
