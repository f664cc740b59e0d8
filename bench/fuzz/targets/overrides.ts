import { parsePipeline } from '../../../pipeline/load.js';
import { mutateJson, mutateText, oddText } from '../mutations.js';
import type { FuzzTarget } from '../target.js';

const file = `name: reviews
labels: positive
data: { train: train.csv, text: body }
folds: &shared { seed: 42 }
training: *shared
model: { checkpoint: owner/model }
`;

const sound: Readonly<Record<string, string>> = {
  'training.epochs': '2',
  'data.text.0': 'message',
  'labels.1': 'negative',
  labels: '[a, b]',
  'training.checkpointEvery': 'null',
  'model.scratch': '{ type: bert, hiddenSize: 8 }',
  'steps.data': '{ run: prepareData, needs: [] }',
  'folds.seed': '7',
};

/** What `--set` and the overrides of a request bring: paths and their values. */
export const overrides: FuzzTarget = {
  name: 'overrides',
  reads: '--set and overrides',
  extension: '.json',
  make(dice) {
    const some = Object.entries(sound).filter(() => dice.between(0, 1) < 0.4);
    const mutated = some.map(([path, value]): [string, string] => {
      const kind = dice.one(['none', 'none', 'none', 'path', 'value', 'part', 'odd'] as const);
      if (kind === 'path') return [mutateText(dice, path), value];
      if (kind === 'value') return [path, mutateText(dice, value)];
      if (kind === 'part') return [`${path}.${oddText(dice)}`, value];
      return kind === 'odd' ? [path, JSON.stringify(mutateJson(dice, { value, some: [1] }))] : [path, value];
    });
    return Buffer.from(JSON.stringify(mutated));
  },
  run(input) {
    const entries = JSON.parse(Buffer.from(input).toString('utf8')) as [string, string][];
    parsePipeline(file, { file: '/pipeline.yaml', overrides: Object.fromEntries(entries) });
    if (Object.keys({}).length > 0 || 'polluted' in {}) throw new Error('a prototype was changed');
    return Promise.resolve();
  },
};
