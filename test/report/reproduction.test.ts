import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parsePipeline } from '../../pipeline/load.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import {
  filesBeside,
  pipelineFile,
  pipelineFileName,
  reproducingCommands,
} from '../../report/reproduction.js';
import { ensembleReport, sampleReport } from './sample.js';

const folder = resolve('/elsewhere');
const read = (configuration: Pipeline): Pipeline =>
  parsePipeline(pipelineFile(configuration), {
    file: join(folder, 'p.yaml'),
    isFolder: (path) => path === join(folder, 'one'),
  });

describe('the pipeline that a report shows', () => {
  const { configuration } = sampleReport().result;
  const moved = (pipeline: Pipeline): Pipeline => ({
    ...pipeline,
    data: { ...pipeline.data, train: join(folder, 'train.csv'), test: join(folder, 'test.csv') },
  });

  it('reads back as the one that was run, its files beside it', () => {
    expect(read(configuration)).toEqual(moved(configuration));
  });

  it.each<[string, Partial<Pipeline>]>([
    ['settings of every kind', { thresholds: 'exact', report: { texts: false } }],
    ['options of the training', { training: { ...configuration.training, schedule: 'cosine', ema: 0.99 } }],
    ['a matrix', ensembleReport().result.configuration],
    ['one class per row', { task: 'single-label' }],
  ])('has %s', (_, changes) => {
    const changed = { ...configuration, ...changes };
    expect(read(changed)).toEqual(moved(changed));
  });

  it('names folders of models by their last name, and never their place', () => {
    const { fold, ...steps } = configuration.steps;
    const checkpoints = ['/home/someone/a/one', 'owner/two'];
    const changed: Pipeline = {
      ...configuration,
      model: { checkpoint: '/home/someone/a/one', maxLength: 8 },
      steps: { ...steps, fold: { ...fold!, matrix: { fold: 'all', 'model.checkpoint': checkpoints } } },
    };
    expect(pipelineFile(changed)).not.toContain('someone');
    expect(filesBeside(changed)).toEqual(['train.csv', 'test.csv', 'one']);
    const again = read(changed);
    expect(again.model.checkpoint).toBe(join(folder, 'one'));
    expect(again.steps['fold']!.matrix!['model.checkpoint']).toEqual([join(folder, 'one'), 'owner/two']);
  });

  it('keeps two tables of one name apart', () => {
    const data = { ...configuration.data, train: '/a/rows.csv', test: '/b/rows.csv' };
    expect(read({ ...configuration, data }).data.test).toBe(join(folder, 'test', 'rows.csv'));
  });
});

describe('the commands that make a run again', () => {
  const { result } = sampleReport();

  it('name the file as a shell takes it, and the threads on which the bits depend', () => {
    expect(pipelineFileName({ name: 'my emotions. é' })).toBe('my-emotions.-é.yaml');
    expect(reproducingCommands(result)).toEqual([
      'foldwise plan emotions.yaml',
      'foldwise run emotions.yaml --fresh --threads 2',
    ]);
  });

  it('say nothing of threads where folds had different numbers of them', () => {
    const folds = result.folds.map((fold, place) => ({ ...fold, threads: place + 1 }));
    expect(reproducingCommands({ ...result, folds })[1]).toBe('foldwise run emotions.yaml --fresh');
    const onCards = result.folds.map((fold, place) => ({ ...fold, device: `cuda:${place % 2}` }));
    expect(reproducingCommands({ ...result, folds: onCards })[1]).toBe(
      'foldwise run emotions.yaml --fresh --device cuda:0,cuda:1',
    );
  });
});
