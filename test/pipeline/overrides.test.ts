import { describe, expect, it } from 'vitest';
import { faults, minimal, parse } from './minimal.js';
import { trainingSchema } from '../../pipeline/training.js';

const trainingKeys = Object.keys(trainingSchema.shape).join(', ');

describe('--set', () => {
  const set = (overrides: Record<string, string>) => ({ overrides });

  it('overrides any path, its value read as YAML', () => {
    const overrides = {
      'training.epochs': '2',
      'labels.1': 'fear',
      'data.text': '[message, text]',
      'training.checkpointEvery': 'null',
    };
    const { labels, training, data } = parse(minimal, set(overrides));
    expect(labels).toEqual(['joy', 'fear']);
    expect([training.epochs, training.checkpointEvery]).toEqual([2, null]);
    expect(data.text).toEqual(['message', 'text']);
  });

  it.each<[overrides: Record<string, string>, text: readonly string[]]>([
    [{ 'data.text.0': 'message' }, ['message']],
    [{ 'data.text.0': 'message', 'data.text.1': 'body' }, ['message', 'body']],
    [{ 'data.text': 'message' }, ['message']],
  ])('makes a list where there is none: %j', (overrides, text) => {
    expect(parse(minimal, set(overrides)).data.text).toEqual(text);
  });

  it('changes an entry of a list of one that is written as a text', () => {
    const text = minimal.replace('[joy]', 'joy');
    expect(parse(text, set({ 'labels.1': 'fear' })).labels).toEqual(['joy', 'fear']);
    expect(parse(text, set({ 'labels.0': 'fear' })).labels).toEqual(['fear']);
  });

  it('repairs a value that is wrong in the file', () => {
    expect(parse(minimal.replace('name: e', 'name: 7'), set({ name: 'good' })).name).toBe('good');
  });

  it('changes one path of two that share an alias', () => {
    const text = minimal.replace('joy]', 'joy]\nfolds: &f { seed: 1 }\ntraining: *f');
    const { folds, training } = parse(text, set({ 'folds.seed': '2' }));
    expect([folds.seed, training.seed]).toEqual([2, 1]);
  });

  const cases: [overrides: Record<string, string>, fault: string][] = [
    [
      { 'training.epohcs': '2' },
      `--set training.epohcs: found an unknown key, expected one of ${trainingKeys}; did you mean "epochs"?`,
    ],
    [
      { 'trainig.epochs': '2' },
      '--set trainig.epochs trainig: found an unknown key, expected one of name, task, labels, data, folds, model, training, ensemble, calibration, thresholds, report, steps; did you mean "training"?',
    ],
    [{ 'training.epochs': 'two' }, '--set training.epochs: found "two", expected a number'],
    [
      { 'labels.5': 'x' },
      '--set labels.5: found a path that does not exist, expected a path of the configuration',
    ],
    [
      { 'name.x': '1' },
      '--set name.x: found a path that does not exist, expected a path of the configuration',
    ],
    [
      { '__proto__.polluted': '1' },
      '--set __proto__.polluted: found a path that does not exist, expected a path of the configuration',
    ],
    [{ 'data.text.1': 'x' }, '--set data.text.1 data.text: found a map, expected a list'],
    [
      { labels: '[joy' },
      '--set labels: found broken YAML (Flow sequence must end with a ]), expected valid YAML',
    ],
    [{ '': '1' }, '--set : found a path that does not exist, expected a path of the configuration'],
  ];
  it.each(cases)('%j is refused', (overrides, fault) => {
    expect(faults(minimal, set(overrides))).toEqual([fault]);
  });
});
