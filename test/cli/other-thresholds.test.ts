import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { collectThreshold, withThresholds } from '../../cli/predict/other-thresholds.js';
import { InputFault } from '../../errors/fault.js';
import { assessedReport, sampleReport } from '../report/sample.js';

const collected = (...texts: string[]) =>
  texts.reduce<ReturnType<typeof collectThreshold> | undefined>(
    (earlier, text) => collectThreshold(text, earlier),
    undefined,
  )!;

describe('thresholds from the command line', () => {
  const { result } = sampleReport({ labels: ['joy', 'fear', '0.5'] });

  it.each([
    [['joy=0.3'], { ...result.thresholds, joy: 0.3 }],
    [['0.25'], { joy: 0.25, fear: 0.25, '0.5': 0.25 }],
    [['joy=1', '.5'], { joy: 1, fear: 0.5, '0.5': 0.5 }],
    [['1e-1', 'joy= 0.3', '0.5=0'], { joy: 0.3, fear: 0.1, '0.5': 0 }],
  ])('%j', (texts, thresholds) => {
    expect(withThresholds(result, collected(...texts))).toEqual({ ...result, thresholds });
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

  it('is refused of a label that the run does not have, with the one that may be meant', () => {
    const wrong = () => withThresholds(result, collected('jo=0.3'));
    expect(wrong).toThrow(InputFault);
    expect(wrong).toThrow(/no such label.*"jo".*one of joy, fear, 0\.5.*Did you mean "joy"/);
    expect(() => withThresholds(result, collected('__proto__=0.3'))).toThrow(/no such label/);
  });

  it('is refused of a run that has none', () => {
    const classes = assessedReport({}, 'single-label').result;
    expect(() => withThresholds(classes, collected('0.3'))).toThrow(/one class.*--probabilities/);
  });
});
