import { describe, expect, it } from 'vitest';
import { parsePipeline } from '../../pipeline/load.js';
import { faults, minimal } from './minimal.js';
import { trainingSchema } from '../../pipeline/training.js';

const trainingKeys = Object.keys(trainingSchema.shape).join(', ');

const place = 'folder/p.yaml';
const wired = `steps:
  d: { run: prepareData }
  f: { run: trainFold, needs: [d], matrix: { fold: all } }
  o: { run: aggregateOof, needs: [f] }
  t: { run: tuneThresholds, needs: [o] }
  s: { run: predictEnsemble, needs: [t] }
`;

describe('one fault is told with its place, what was found and what was expected:', () => {
  const edit = (from: string, to: string) => minimal.replace(from, to);
  const cases: [claim: string, text: string, fault: string][] = [
    [
      'a misspelt key',
      `${minimal}trainig: { epochs: 2 }\n`,
      `${place}:5:1 trainig: found an unknown key, expected one of name, task, labels, data, folds, model, training, ensemble, calibration, thresholds, report, steps; did you mean "training"?`,
    ],
    [
      'exact thresholds of classes, which have none',
      `${edit('[joy]', '[joy, fear]')}task: single-label\nthresholds: exact\n`,
      `${place}:6:13 thresholds: found "exact", expected nothing with task: single-label, whose rows are decided by offsets of their classes`,
    ],
    [
      'a misspelt key within',
      `${minimal}training: { epohcs: 2 }\n`,
      `${place}:5:13 training.epohcs: found an unknown key, expected one of ${trainingKeys}; did you mean "epochs"?`,
    ],
    [
      'a misspelt value',
      `${minimal}folds: { strategy: stratifed }\n`,
      `${place}:5:20 folds.strategy: found "stratifed", expected one of stratified, random, multilabel, group, stratified-group; did you mean "stratified"?`,
    ],
    [
      'a missing key, where it should stand',
      edit('train: a.csv, ', ''),
      `${place}:3:1 data.train: found nothing, expected text`,
    ],
    ['a wrong type', edit('[joy]', '{ joy: 1 }'), `${place}:2:9 labels: found a map, expected a list`],
    [
      'labels in one text',
      edit('[joy]', 'joy, fear; not sure'),
      `${place}:2:9 labels[0]: found "joy, fear; not sure", expected a list, as in [joy, fear, not sure]`,
    ],
    [
      'a comma in one of several labels',
      edit('[joy]', '[joy, "fear, or not"]'),
      `${place}:2:15 labels[1]: found "fear, or not", expected at most 64 letters, digits, spaces, or any of _ . -, with a letter or digit first and no dot or space last`,
    ],
    [
      'a label with a dot at its end',
      edit('[joy]', '[fear, joy.]'),
      `${place}:2:16 labels[1]: found "joy.", expected a name that does not end in a dot or space: rename it, also in the table`,
    ],
    [
      'a character that is not seen',
      edit('[joy]', '["joy\u200b"]'),
      `${place}:2:10 labels[0]: found "joy\\u{200b}", expected at most 64 letters, digits, spaces, or any of _ . -, with a letter or digit first and no dot or space last`,
    ],
    [
      'letters of four bytes that are too long for a file',
      edit('name: e', `name: ${'𠀀'.repeat(64)}`),
      `${place}:1:7 name: found "${'𠀀'.repeat(56)}..., expected at most 64 letters, digits, spaces, or any of _ . -, with a letter or digit first and no dot or space last`,
    ],
    [
      'a NUL in a path',
      edit('owner/model', '"a\\0b"'),
      `${place}:4:22 model.checkpoint: found "a\\u0000b", expected a path, without NUL characters`,
    ],
    [
      'a checkpoint that is too long for a folder',
      edit('owner/model', 'a'.repeat(300)),
      `${place}:4:22 model.checkpoint: found "${'a'.repeat(56)}..., expected an existing folder (relative to this file) or the name of a model on the hub, like owner/model or owner/model@revision`,
    ],
    [
      'a number for a name',
      edit('name: e', 'name: 7'),
      `${place}:1:7 name: found 7, expected text (put it in quotes)`,
    ],
    [
      'a fraction',
      `${minimal}training: { epochs: 1.5 }\n`,
      `${place}:5:21 training.epochs: found 1.5, expected a whole number`,
    ],
    [
      'a number out of range',
      `${minimal}folds: { count: 1 }\n`,
      `${place}:5:17 folds.count: found 1, expected at least 2`,
    ],
    [
      'too many folds',
      `${minimal}folds: { count: 1001 }\n`,
      `${place}:5:17 folds.count: found 1001, expected at most 1000`,
    ],
    [
      'a learning rate of 0',
      `${minimal}training: { learningRate: 0 }\n`,
      `${place}:5:27 training.learningRate: found 0, expected more than 0`,
    ],
    [
      'no number',
      `${minimal}training: { learningRate: .nan }\n`,
      `${place}:5:27 training.learningRate: found NaN, expected a number`,
    ],
    ['no labels', edit('[joy]', '[]'), `${place}:2:9 labels: found an empty list, expected at least 1 entry`],
    [
      'a label twice',
      edit('[joy]', '[joy, fear, joy]'),
      `${place}:2:21 labels[2]: found the label "joy" a second time, expected each label once`,
    ],
    [
      'a label named as the id column',
      edit('[joy]', '[id]'),
      `${place}:2:10 labels[0]: found the label "id", expected another name: this is the id column`,
    ],
    [
      'an id column named as one of oof.csv',
      edit('b.csv', 'b.csv, id: p_joy'),
      `${place}:3:40 data.id: found "p_joy", expected another name: this is the column of the probabilities of joy in oof.csv`,
    ],
    [
      'labels that take every usual text column',
      edit('[joy]', '[text, comment_text, sentence, content, review]'),
      `${place}:3:1 data.text: found nothing, and every usual text column is a label, expected the column of the texts`,
    ],
    [
      'a label named as a column of oof.csv',
      edit('[joy]', '[joy, p_joy]'),
      `${place}:2:15 labels[1]: found the label "p_joy", expected another name: this is the column of the probabilities of joy in oof.csv`,
    ],
    [
      'a name that is a path',
      edit('name: e', 'name: ../e'),
      `${place}:1:7 name: found "../e", expected at most 64 letters, digits, spaces, or any of _ . -, with a letter or digit first and no dot or space last`,
    ],
    [
      'a label that is a path',
      edit('[joy]', '[a/b]'),
      `${place}:2:10 labels[0]: found "a/b", expected at most 64 letters, digits, spaces, or any of _ . -, with a letter or digit first and no dot or space last`,
    ],
    [
      'no model',
      edit('checkpoint: owner/model', ''),
      `${place}:4:8 model: found neither checkpoint nor scratch, expected exactly one of them`,
    ],
    [
      'a checkpoint that is neither',
      edit('owner/model', 'a/b/c'),
      `${place}:4:22 model.checkpoint: found "a/b/c", expected an existing folder (relative to this file) or the name of a model on the hub, like owner/model or owner/model@revision`,
    ],
    [
      'a width that the heads do not divide',
      edit(
        'checkpoint: owner/model',
        'scratch: { type: bert, hiddenSize: 10, layers: 1, heads: 4, intermediateSize: 8, vocabulary: 100 }',
      ),
      `${place}:4:45 model.scratch.hiddenSize: found 10, expected a multiple of heads, 4`,
    ],
    [
      'a bad duration',
      `${minimal}steps: { data: { run: prepareData, timeout: 1y } }\n`,
      `${place}:5:45 steps.data.timeout: found "1y", expected a duration like 90s, 30m, 12h or 2d`,
    ],
    [
      'a misspelt activity',
      `${minimal}steps: { data: { run: prepareDatta } }\n`,
      `${place}:5:23 steps.data.run: found "prepareDatta", expected one of prepareData, trainFold, aggregateOof, tuneThresholds, predictEnsemble, writeReport; did you mean "prepareData"?`,
    ],
    [
      'a step that predicts test rows that are not there',
      `${edit(', test: b.csv', '')}${wired}`,
      `${place}:10:13 steps.s.run: found predictEnsemble without data.test, expected a table of rows to predict in data.test, or no such step`,
    ],
    [
      'a gate of rows to predict that are not there',
      edit(', test: b.csv', ', gates: { duplicates: 0.1, leaks: 0 }'),
      `${place}:3:56 data.gates.leaks: found 0, expected a table of rows to predict in data.test, or no such gate`,
    ],
    [
      'a gate that is no share',
      edit('test: b.csv', 'test: b.csv, gates: { cut: 20 }'),
      `${place}:3:50 data.gates.cut: found 20, expected at most 1`,
    ],
    [
      'a gate of another name',
      edit('test: b.csv', 'test: b.csv, gates: { duplicate: 0 }'),
      `${place}:3:45 data.gates.duplicate: found an unknown key, expected one of duplicates, nearDuplicates, conflicts, leaks, nearLeaks, empty, scriptDrift, lengthDrift, cut, unknownTokens; did you mean "duplicates"?`,
    ],
    [
      'no steps',
      `${minimal}steps: {}\n`,
      `${place}:5:8 steps: found no steps, expected at least one, or no \`steps\` at all`,
    ],
    [
      'a bad name of a step',
      `${minimal}steps: { a b: { run: prepareData } }\n`,
      `${place}:5:10 steps.a b: found the name "a b", expected at most 64 letters, digits, - or _, with a letter first`,
    ],
    [
      'a step named __proto__',
      `${minimal}steps: { __proto__: { run: prepareData } }\n`,
      `${place}:5:10 steps.__proto__: found the name "__proto__", expected another one`,
    ],
    [
      'a key twice',
      `${minimal}name: f\n`,
      `${place}:5:1: found a key that this map already has, expected each key once`,
    ],
    ['a tab as indentation', 'a:\n\t- b\n', `${place}:2:1: found a tab as indentation, expected spaces`],
    [
      'an open bracket',
      'labels: [joy\n',
      `${place}:2:1: found broken YAML (Flow sequence in block collection must be sufficiently indented and end with a ]), expected valid YAML`,
    ],
    [
      'two documents',
      `${minimal}---\n${minimal}`,
      `${place}:5:1: found a second YAML document, expected one`,
    ],
    [
      'an unknown tag',
      edit('name: e', 'name: !js e'),
      `${place}:1:7: found an unknown tag, expected no tag, or quotes around a text that begins with !`,
    ],
    [
      'an alias without anchor',
      'name: *x\n',
      `${place}:1:1: found an alias that cannot be used, expected at most 100 aliases, each of an anchor above it`,
    ],
    ['an empty file', '', `${place}:1:1: found nothing, expected a map`],
    [
      'a list',
      '[]',
      `${place}:1:1: found a list, expected a pipeline: a map with name, task, labels, data, folds, model, training, ensemble, calibration, thresholds, report, steps`,
    ],
  ];
  it.each(cases)('%s', (_, text, fault) => {
    expect(faults(text)).toEqual([fault]);
  });

  const familiar: [section: string, key: string, meant: string][] = [
    ['training', 'lr', 'learningRate'],
    ['training', 'learning_rate', 'learningRate'],
    ['training', 'num_epochs', 'epochs'],
    ['training', 'num_train_epochs', 'epochs'],
    ['training', 'per_device_train_batch_size', 'batchSize'],
    ['training', 'train_batch_size', 'batchSize'],
    ['training', 'batch-size', 'batchSize'],
    ['training', 'weight_decay', 'weightDecay'],
    ['training', 'warmup_ratio', 'warmupRatio'],
    ['training', 'max_grad_norm', 'maxGradNorm'],
    ['training', 'gradient_clip_val', 'maxGradNorm'],
    ['training', 'lr_scheduler_type', 'schedule'],
    ['training', 'gradient_accumulation_steps', 'accumulate'],
    ['training', 'early_stopping_patience', 'patience'],
    ['training', 'label_smoothing_factor', 'labelSmoothing'],
    ['training', 'pos_weight', 'classWeights'],
    ['training', 'random_state', 'seed'],
    ['training', 'max_length', 'model.maxLength'],
    ['folds', 'random_state', 'seed'],
    ['folds', 'n_splits', 'count'],
    ['folds', 'k', 'count'],
    ['model', 'max_length', 'maxLength'],
    ['model', 'max_seq_length', 'maxLength'],
    ['model', 'model_name_or_path', 'checkpoint'],
    ['model', 'num_hidden_layers', 'model.scratch.layers'],
    ['data', 'text_column', 'text'],
    ['data', 'train_file', 'train'],
    ['', 'lr', 'training.learningRate'],
    ['', 'num_epochs', 'training.epochs'],
    ['', 'epochs', 'training.epochs'],
    ['', 'n_splits', 'folds.count'],
    ['', 'max_length', 'model.maxLength'],
    ['', 'checkpoint', 'model.checkpoint'],
    ['', 'label_columns', 'labels'],
  ];
  it.each(familiar)('in %s the key %s of another library, with the guess %s', (section, key, meant) => {
    const overrides = { [section === '' ? key : `${section}.${key}`]: '1' };
    const [fault, ...others] = faults(minimal, { overrides });
    expect(fault).toContain(`did you mean ${JSON.stringify(meant)}?`);
    expect(others).toEqual([]);
  });

  it.each(['fp16', 'dataloader_num_workers', 'constructor', '__proto__', '😀', 'x'.repeat(1000)])(
    'no guess for %s',
    (key) => {
      const text = `${minimal}training: { ${JSON.stringify(key)}: 1 }\n`;
      expect(faults(text)[0]).not.toContain('did you mean');
    },
  );

  it('a value behind an alias, where the alias’s anchor stands', () => {
    const text = minimal.replace('name: e', 'name: e\nfolds: &f { seed: x }\ntraining: *f');
    expect(faults(text)).toEqual([
      `${place}:2:19 folds.seed: found "x", expected a number`,
      `${place}:2:19 training.seed: found "x", expected a number`,
    ]);
  });
});

it('all faults of a file are told at once, in its order', () => {
  const text = [
    'name: a/b',
    'labels: [joy, joy]',
    'data: { train: a.csv, tset: b.csv }',
    'model: { checkpoint: a/b, scratch: { type: bret } }',
    'training: { epochs: 0 }',
    'steps:',
    '  data: { run: prepareData, needs: [fold] }',
    '  fold: { run: trainFold, needs: [data, dta], matrix: { training.seed: [1, 2] }, onFailure: wiat }',
  ].join('\n');
  expect(
    faults(text).map((fault) => fault.replace(/^folder\/p.yaml:(\d+):\d+ (.*?): found .*$/, '$1 $2')),
  ).toEqual([
    '1 name',
    '2 labels[1]',
    '3 data.tset',
    '4 model',
    '4 model.scratch.hiddenSize',
    '4 model.scratch.layers',
    '4 model.scratch.heads',
    '4 model.scratch.intermediateSize',
    '4 model.scratch.vocabulary',
    '4 model.scratch.type',
    '5 training.epochs',
    '7 steps.data.needs',
    '8 steps.fold.needs[1]',
    '8 steps.fold.matrix.fold',
    '8 steps.fold.onFailure',
  ]);
});

describe('hostile input ends in a fault', () => {
  const cases: [claim: string, text: string, fault: RegExp][] = [
    ['brackets nested 300,000 deep', '['.repeat(300_000), /nested too deeply/],
    ['dashes nested 300,000 deep', '- '.repeat(300_000), /nested too deeply/],
    ['a file above 1 MiB', 'x'.repeat(2 ** 20 + 1), /expected at most 1048576/],
    ['aliases of aliases', bomb(), /an alias that cannot be used/],
    ['120,000 keys', Array.from({ length: 120_000 }, (_, n) => `k${n}:`).join('\n'), /a very long file/],
    [
      '5,000 unknown keys',
      `${minimal}${Array.from({ length: 5_000 }, (_, n) => `k${n}:`).join('\n')}`,
      /k42: found an unknown key/,
    ],
    [
      '5,000 needs',
      `${minimal}steps: {a: {run: prepareData, needs: [${'b,'.repeat(5_000)}]}}`,
      /found a list, expected at most 200 entries/,
    ],
    ['steps that all need each other', everyStepNeedsAll(80), /found the cycle s0 → s0/],
    ['an alias of itself', 'name: &a [*a]\n', /found (a list|an alias)/],
  ];
  it.each(cases)('%s', (_, text, fault) => {
    const told = faults(text);
    expect(told.join('\n')).toMatch(fault);
    expect(told.length).toBeLessThanOrEqual(100);
  });
});

describe('a pipeline that was handed over and stands in no file', () => {
  const handedOver = (text: string): string => {
    try {
      parsePipeline(text, { words: 'the pipeline of the call', folder: '/srv' });
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };

  it('is called what it was handed over as, and a fault by its path alone', () => {
    expect(handedOver(minimal.replace('[joy]', '[joy, joy]').replace('name: e', 'name: 7'))).toBe(
      [
        'the pipeline of the call: 2 faults',
        'the pipeline of the call name: found 7, expected text (put it in quotes)',
        'the pipeline of the call labels[1]: found the label "joy" a second time, expected each label once',
      ].join('\n'),
    );
  });

  it('has its paths from the folder that the fault of a model names', () => {
    expect(handedOver(minimal.replace('owner/model', 'a/b/c'))).toContain(
      'the pipeline of the call model.checkpoint: found "a/b/c", expected an existing folder (relative to /srv) or',
    );
  });
});

describe('a file that is no pipeline', () => {
  const secret = 'a-very-private-text';
  it.each([
    ['a table with a header', `id,text,joy\n1,${secret},1\n`],
    ['a table of one row', secret],
    ['a table whose texts are quoted', `"${secret}",1\n"${secret} two",0\n`],
    ['a table with colons in its texts', `${secret}: 1\nand ${secret}: 2\n`],
    ['a table with an alias in it', `*${secret}\n`],
    ['a table with a tag in it', `!${secret} 1\n`],
    ['a table with a block in it', `text: |${secret}\n  x\n`],
    ['a table with a directive in it', `%${secret}\n---\n1\n`],
    ['a table with an escape in it', `"\\${secret}"\n`],
    ['a table with braces in it', `{${secret}, ]${secret}\n`],
    ['a table with a mark in it', `@${secret}\n`],
    ['lines of JSON', `{"name": "x", "${secret}": "${secret}"}\n{"name": "${secret}"}\n`],
    ['a map of other things', `name: x\n${secret}: ${secret}\n`],
    ['a list', `- ${secret}\n- ${secret}\n`],
  ])('is not quoted: %s', (_, text) => {
    const told = faults(text).join('\n');
    expect(told).not.toContain('private');
    expect(told).toMatch(/^folder\/p\.yaml:\d+:\d+: found /);
  });
});

function everyStepNeedsAll(count: number): string {
  const names = Array.from({ length: count }, (_, n) => `s${n}`);
  const steps = names.map((name) => `  ${name}: {run: prepareData, needs: [${names.join(',')}]}`);
  return [`${minimal}steps:`, ...steps].join('\n');
}

function bomb(): string {
  const levels = Array.from({ length: 12 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(10)}]`);
  return ['a0: &a0 x', ...levels].join('\n');
}
