import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { collectThreshold } from '../../cli/predict/other-thresholds.js';
import { withThresholds } from '../../ensemble/other-thresholds.js';
import type { EnsembleDefinition } from '../../ensemble/definition.js';
import { InputFault } from '../../errors/fault.js';

const collected = (...texts: string[]) =>
  texts.reduce<ReturnType<typeof collectThreshold> | undefined>(
    (earlier, text) => collectThreshold(text, earlier),
    undefined,
  )!;

describe('thresholds from the command line', () => {
  const ensemble: EnsembleDefinition = {
    task: 'multi-label',
    labels: ['joy', 'fear', '0.5'],
    thresholds: [0.35, 0.4, 0.45],
    members: [{ weight: 1, models: [{ folder: 'model', maxLength: 16 }] }],
  };

  it.each([
    [['joy=0.3'], [0.3, 0.4, 0.45]],
    [['0.25'], [0.25, 0.25, 0.25]],
    [
      ['joy=1', '.5'],
      [1, 0.5, 0.5],
    ],
    [
      ['1e-1', 'joy= 0.3', '0.5=0'],
      [0.3, 0.1, 0],
    ],
  ])('%j', (texts, thresholds) => {
    expect(withThresholds(ensemble, collected(...texts))).toEqual({ ...ensemble, thresholds });
  });

  it.each([['joy'], ['joy='], ['=0.5'], ['1.5'], ['-0.1'], ['joy=0x1'], ['joy=NaN'], ['']])(
    '%j is no threshold',
    (text) => {
      expect(() => collected(text)).toThrow(InvalidArgumentError);
      expect(() => collected(text)).toThrow(/from 0 to 1/);
    },
  );

  it('is told once for a label, and once for all', () => {
    expect(() => collected('joy=0.1', 'joy=0.2')).toThrow(/one for joy already/);
    expect(() => collected('0.1', '0.2')).toThrow(/one for all labels already/);
  });

  it('is refused of a label that the ensemble does not have, with the one that may be meant', () => {
    const wrong = () => withThresholds(ensemble, collected('jo=0.3'));
    expect(wrong).toThrow(InputFault);
    expect(wrong).toThrow(/no such label.*"jo".*one of joy, fear, 0\.5.*Did you mean "joy"/);
    expect(() => withThresholds(ensemble, collected('__proto__=0.3'))).toThrow(/no such label/);
  });

  it('is refused of an ensemble that has none', () => {
    const classes = { ...ensemble, task: 'single-label' } as const;
    expect(() => withThresholds(classes, collected('0.3'))).toThrow(/one class.*by the probabilities/);
  });
});
