import { describe, expect, it } from 'vitest';
import { warningLines } from '../../../cli/terminal/warnings.js';

describe('the warnings of a run', () => {
  it('are a line each, those of several folds in the same words one', () => {
    expect(
      warningLines([
        'some rows are blank',
        'fold 1: the score that chose the epoch hardly moved',
        'fold 2: the score that chose the epoch hardly moved',
        'fold 3: seed 1 diverged',
        'fold 5: the score that chose the epoch hardly moved',
      ]),
    ).toEqual([
      'warning: some rows are blank',
      'warning: folds 1, 2, 5: the score that chose the epoch hardly moved',
      'warning: fold 3: seed 1 diverged',
    ]);
  });

  it('cannot steer the terminal', () => {
    expect(warningLines(['fold 1: a\u001b[2Jb'])).toEqual(['warning: fold 1: a [2Jb']);
  });
});
