import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parsePipeline, readPipeline } from '../../pipeline/load.js';
import { showsTexts } from '../../pipeline/report.js';
import { requireResolved } from '../../pipeline/resolved.js';
import { minimal, parse } from './minimal.js';
import { neutralSettings } from '../../pipeline/neutral-settings.js';

describe('the reference method', () => {
  const root = join(import.meta.dirname, '../..');
  const reference = readPipeline(join(root, 'pipeline.yaml'));

  it('is what pipeline.yaml declares', () => {
    expect(reference).toEqual({
      name: 'emotions',
      task: 'multi-label',
      labels: ['anger', 'fear', 'joy', 'sadness', 'surprise'],
      data: {
        train: join(root, 'data/train.csv'),
        test: join(root, 'data/test.csv'),
        text: ['text', 'comment_text', 'sentence', 'content', 'review'],
      },
      folds: { count: 5, strategy: 'stratified', seed: 42 },
      model: { checkpoint: 'microsoft/deberta-v3-base', maxLength: 128 },
      training: {
        epochs: 4,
        batchSize: 16,
        learningRate: 1.5e-5,
        weightDecay: 0.01,
        warmupRatio: 0.1,
        maxGradNorm: 1,
        seed: 42,
        ...neutralSettings,
        checkpointEvery: null,
        retrySeeds: 0,
      },
      steps: {
        data: { run: 'prepareData', needs: [], queue: 'main', timeout: '1h', onFailure: 'fail' },
        fold: {
          run: 'trainFold',
          needs: ['data'],
          matrix: { fold: 'all' },
          queue: 'gpu',
          timeout: '12h',
          onFailure: 'wait',
        },
        oof: {
          run: 'aggregateOof',
          needs: ['data', 'fold'],
          queue: 'main',
          timeout: '1h',
          onFailure: 'fail',
        },
        thresholds: {
          run: 'tuneThresholds',
          needs: ['oof'],
          queue: 'main',
          timeout: '1h',
          onFailure: 'fail',
        },
        submission: {
          run: 'predictEnsemble',
          needs: ['data', 'fold', 'thresholds'],
          queue: 'main',
          timeout: '1h',
          onFailure: 'fail',
        },
        report: {
          run: 'writeReport',
          needs: ['data', 'fold', 'oof', 'thresholds', 'submission'],
          queue: 'main',
          timeout: '1h',
          onFailure: 'fail',
        },
      },
    });
  });

  it('is also what the defaults give', () => {
    const { data, folds, training, steps } = parse(minimal);
    expect({ text: data.text, id: data.id, folds, training, steps }).toEqual({
      text: reference.data.text,
      id: reference.data.id,
      folds: reference.folds,
      training: reference.training,
      steps: reference.steps,
    });
    expect(Object.keys(steps)).toEqual(Object.keys(reference.steps));
  });

  it.each([
    ['a label that is a usual text column', 'labels: [joy, review]'],
    ['several of them', 'labels: [text, content]'],
    ['nothing unusual', 'labels: [joy]'],
  ])('is filled in so that it is a pipeline again, and the same one: %s', (_, labels) => {
    const resolved = parse(minimal.replace('labels: [joy]', labels));
    expect(parse(JSON.stringify(resolved))).toEqual(resolved);
    expect(requireResolved(resolved)).toEqual(resolved);
    for (const label of resolved.labels) expect(resolved.data.text).not.toContain(label);
  });

  it('has steps that an override may change, also where the file declares none', () => {
    const changed = parse(minimal, {
      overrides: { 'steps.fold.matrix.training.seed': '[1, 2]', 'steps.data.timeout': '2h' },
    });
    expect(Object.keys(changed.steps)).toEqual(Object.keys(reference.steps));
    expect(changed.steps['fold']?.matrix).toEqual({ fold: 'all', 'training.seed': [1, 2] });
    expect(changed.steps['data']?.timeout).toBe('2h');
    expect(changed.steps['report']).toEqual(reference.steps['report']);
    const without = parse(minimal.replace(', test: b.csv', ''), {
      overrides: { 'steps.data.timeout': '2h' },
    });
    expect(Object.keys(without.steps)).not.toContain('submission');
    const others = { 'steps.data.timeout': '2h', data: '{ train: a.csv }' };
    expect(Object.keys(parse(minimal, { overrides: others }).steps)).not.toContain('submission');
  });

  it('leaves the id column out where it is not set: one that is set must be in the tables', () => {
    expect(parse(minimal).data).not.toHaveProperty('id');
    expect(parse(minimal.replace('test: b.csv', 'test: b.csv, id: id')).data.id).toBe('id');
  });

  it('without test rows it submits nothing, and does the rest as ever', () => {
    const { data, steps } = parse(minimal.replace(', test: b.csv', ''));
    expect(data).not.toHaveProperty('test');
    const { submission, report, ...others } = reference.steps;
    expect(submission).toBeDefined();
    expect(steps).toEqual({ ...others, report: { ...report, needs: ['data', 'fold', 'oof', 'thresholds'] } });
  });

  it('shows texts unless the file says that they are private, and carries nothing where it says nothing', () => {
    expect(parse(minimal)).not.toHaveProperty('report');
    expect(showsTexts(parse(minimal))).toBe(true);
    expect(showsTexts(parse(minimal, { overrides: { 'report.texts': 'true' } }))).toBe(true);
    const quiet = parse(minimal, { overrides: { 'report.texts': 'false' } });
    expect(showsTexts(requireResolved(JSON.parse(JSON.stringify(quiet))))).toBe(false);
  });

  it('resolved and written as JSON it reads back the same', () => {
    expect(parsePipeline(JSON.stringify(reference), { file: 'elsewhere.json' })).toEqual(reference);
  });
});

describe('a text in place of a list', () => {
  it('is a list of it, wherever there is one', () => {
    const text = `name: e
labels: joy
data: { train: a.csv, text: comment }
model: { checkpoint: owner/model }
steps: { d: { run: prepareData }, f: { run: trainFold, needs: d, matrix: { fold: all } } }
`;
    const { labels, data, steps } = parse(text);
    expect([labels, data.text, steps['f']?.needs]).toEqual([['joy'], ['comment'], ['d']]);
  });

  it('changes nothing of what shares an alias with it', () => {
    const text = minimal
      .replace('[joy]', '&name joy')

      .concat('folds: { seed: 1 }\n');
    expect(
      parse(`${text}steps: { joy: &s { run: prepareData }, b: { run: prepareData, needs: *name } }\n`),
    ).toMatchObject({
      labels: ['joy'],
      steps: { b: { needs: ['joy'] } },
    });
  });
});

describe('paths', () => {
  it('of data are relative to the file', () => {
    const { train, test } = parse(minimal).data;
    expect([train, test]).toEqual([resolve('folder/a.csv'), resolve('folder/b.csv')]);
  });

  it('that are absolute, or URIs, stay', () => {
    const { data } = parse(minimal.replace('a.csv', '/x/a.csv').replace('b.csv', 's3://bucket/b.csv'));
    expect([data.train, data.test]).toEqual(['/x/a.csv', 's3://bucket/b.csv']);
  });

  const models: [checkpoint: string, folders: string[], expected: string][] = [
    ['owner/model@v1.0', [], 'owner/model@v1.0'],
    ['owner/model@refs/pr/1', [], 'owner/model@refs/pr/1'],
    ['owner/model@v1', ['folder/owner/model@v1'], resolve('folder/owner/model@v1')],
    ['owner/model', [], 'owner/model'],
    ['bert-base-uncased', [], 'bert-base-uncased'],
    ['owner/model', ['folder/owner/model'], resolve('folder/owner/model')],
    ['./model', [], resolve('folder/model')],
    ['../models/a b', [], resolve('models/a b')],
    ['/models/x', [], '/models/x'],
  ];
  it('of a model that pools as its checkpoint says, whether that is said or not', () => {
    const model = (pooling: string): unknown =>
      parse(minimal.replace('owner/model', `owner/model, pooling: ${pooling}`)).model;
    expect(model('auto')).toEqual(parse(minimal).model);
    expect(model('mean')).toEqual({ ...parse(minimal).model, pooling: 'mean' });
    expect(() => model('max')).toThrow(/model\.pooling/);
  });

  it('of a model that reads long texts as its checkpoint does, or otherwise', () => {
    const model = (settings: string): unknown =>
      parse(minimal.replace('owner/model', `owner/model, ${settings}`)).model;
    const plain = parse(minimal).model;
    expect(model('truncation: auto')).toEqual(plain);
    expect(model('truncation: both')).toEqual({ ...plain, truncation: 'both' });
    const windows = { overlap: 125, most: 4 };
    expect(model(`windows: ${JSON.stringify(windows)}`)).toEqual({ ...plain, windows });
    expect(() => model('truncation: middle')).toThrow(/model\.truncation/);
    expect(() => model('windows: { most: 4 }')).toThrow(/model\.windows\.overlap/);
    expect(() => model('windows: { overlap: 0, most: 1 }')).toThrow(/model\.windows\.most/);
    expect(() => model('windows: { overlap: 126, most: 4 }')).toThrow(/overlap.*found 126.*fewer than 126/);
    expect(() => model('maxLength: 64, windows: { overlap: 62, most: 4 }')).toThrow(/fewer than 62/);
  });

  it.each(models)('of a model: %s with the folders %j is %s', (checkpoint, folders, expected) => {
    const isFolder = (path: string) => folders.some((folder) => resolve(folder) === path);
    expect(parse(minimal.replace('owner/model', checkpoint), { isFolder }).model.checkpoint).toBe(expected);
  });
});

describe('readPipeline', () => {
  const folder = mkdtempSync(join(tmpdir(), 'foldwise-pipeline-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, content: string | Buffer) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };

  it('takes a folder beside the file for a model', () => {
    mkdirSync(join(folder, 'owner/model'), { recursive: true });
    expect(readPipeline(file('a.yaml', minimal)).model.checkpoint).toBe(join(folder, 'owner/model'));
  });

  it('takes overrides', () => {
    expect(readPipeline(file('a.yaml', minimal), { overrides: { name: 'f' } }).name).toBe('f');
  });

  const cases: [claim: string, path: () => string, message: RegExp][] = [
    [
      'a checkpoint that is too long for the name of a folder',
      () => file('long.yaml', minimal.replace('owner/model', 'a'.repeat(300))),
      /model\.checkpoint: found "a+\.\.\., expected an existing folder/,
    ],
    [
      'a checkpoint that no path can have',
      () => file('nul.yaml', minimal.replace('owner/model', '"./a\\0b"')),
      /model\.checkpoint: found "\.\/a\\u0000b", expected a path, without NUL characters/,
    ],
    ['a missing file', () => join(folder, 'none.yaml'), /none\.yaml: there is no such file.*foldwise run/],
    ['a folder', () => folder, /this is not a file/],
    [
      'a large file',
      () => file('big.yaml', 'x'.repeat(2 ** 20 + 1)),
      /too large for a pipeline; found 1048577 bytes/,
    ],
    [
      'another encoding',
      () => file('latin.yaml', Buffer.from('name: caf\u00e9', 'latin1')),
      /the file is not UTF-8/,
    ],
  ];
  it.each(cases)('refuses %s', (_, path, message) => {
    expect(() => readPipeline(path())).toThrow(message);
  });
});
