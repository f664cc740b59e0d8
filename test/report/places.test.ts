import { describe, expect, it } from 'vitest';
import { withoutFolders } from '../../report/places.js';
import { sampleReport } from './sample.js';

describe('a message in the report', () => {
  const { configuration } = sampleReport({ rows: 40, folds: 2 }).result;
  const { steps } = configuration;

  it('keeps of every path the name of its file, of those with spaces too where the pipeline names them', () => {
    const matrix = { fold: 'all', 'model.checkpoint': ['/home/an a/model b', 'owner/c'] } as const;
    const several = { ...configuration, steps: { ...steps, fold: { ...steps['fold']!, matrix } } };
    const told = withoutFolders('/home/an a/model b and /data/x/y.bin are not alike; owner/c is', several);
    expect(told).toBe('model b and y.bin are not alike; owner/c is');
  });
});
