import { describe, expect, it } from 'vitest';
import { activities } from '../../pipeline/activities.js';
import { canonicalJson } from '../../pipeline/keys.js';
import { parsePipeline } from '../../pipeline/load.js';
import { PipelineFault } from '../../pipeline/problem.js';
import { requireResolved } from '../../pipeline/resolved.js';
import { searchOf } from '../../pipeline/thresholds.js';
import { minimal } from './minimal.js';

const twoLabels = minimal.replace('[joy]', '[joy, fear]');
const parsed = (settings: string) => parsePipeline(`${twoLabels}${settings}\n`, { file: 'p.yaml' });

/** What is refused of a pipeline with these thresholds. */
function refused(thresholds: string, task = 'multi-label'): readonly string[] {
  try {
    parsed(`task: ${task}\nthresholds: ${thresholds}`);
    return [];
  } catch (error) {
    if (error instanceof PipelineFault)
      return error.problems.map(({ path, expected }) => `${path.join('.')}: ${expected}`);
    throw error;
  }
}

describe('thresholds', () => {
  it.each([
    ['grid', undefined],
    ['{}', undefined],
    ['{ method: grid, objective: f1 }', undefined],
    ['{ byLabel: { fear: f1 } }', undefined],
    ['exact', { method: 'exact' }],
    ['{ method: exact }', { method: 'exact' }],
    ['smoothed', { method: 'smoothed' }],
    ['{ objective: { fBeta: 2 } }', { method: 'grid', objectives: [{ fBeta: 2 }, { fBeta: 2 }] }],
    [
      '{ method: exact, byLabel: { fear: { precision: 0.9 } } }',
      { method: 'exact', objectives: ['f1', { precision: 0.9 }] },
    ],
    [
      '{ objective: { recall: 0.8 }, byLabel: { joy: { cost: { falsePositive: 1, falseNegative: 5 } } } }',
      { method: 'grid', objectives: [{ cost: { falsePositive: 1, falseNegative: 5 } }, { recall: 0.8 }] },
    ],
  ])('%s', (thresholds, search) => {
    const pipeline = parsed(`thresholds: ${thresholds}`);
    expect(searchOf(pipeline)).toEqual(search);
    expect(requireResolved(JSON.parse(JSON.stringify(pipeline)))).toEqual(pipeline);
  });

  it('written in two ways have one key, and that of before where they say no more than before', () => {
    const key = (settings: string) => canonicalJson(activities.tuneThresholds.parameters(parsed(settings)));
    expect(key('')).toBe('{"labels":["joy","fear"]}');
    for (const neutral of ['grid', '{}', '{ objective: f1 }'])
      expect(key(`thresholds: ${neutral}`)).toBe(key(''));
    expect(key('thresholds: exact')).toBe('{"labels":["joy","fear"],"thresholds":"exact"}');
    expect(key('thresholds: { method: exact }')).toBe(key('thresholds: exact'));
    expect(key('thresholds: { objective: { fBeta: 2 } }')).toBe(
      key('thresholds: { byLabel: { joy: { fBeta: 2 }, fear: { fBeta: 2 } } }'),
    );
  });

  const forms =
    'f1, or a map with one of fBeta, precision, recall (each a number) and cost (a map with falsePositive and falseNegative)';
  it.each([
    ['exakt', 'thresholds: one of grid, exact, smoothed, or a map with method, objective and byLabel'],
    ['{ method: exakt }', 'thresholds.method: one of grid, exact, smoothed'],
    ['{ metod: exact }', 'thresholds.metod: one of method, objective, byLabel'],
    ['{ objective: { precision: 1.5 } }', 'thresholds.objective.precision: at most 1'],
    ['{ objective: { recall: 0 } }', 'thresholds.objective.recall: more than 0'],
    ['{ objective: { cost: { falsePositive: 1 } } }', 'thresholds.objective.cost.falseNegative: a number'],
    ['{ objective: { precision: 0.9, recall: 0.9 } }', `thresholds.objective: ${forms}`],
    ['{ objective: accuracy }', `thresholds.objective: ${forms}`],
    ['{ byLabel: { anger: f1 } }', 'thresholds.byLabel.anger: one of the labels of the pipeline'],
    [
      '{ method: smoothed, objective: { precision: 0.9 } }',
      'thresholds.objective: f1 or fBeta with method: smoothed, which smooths an F-measure; grid and exact take any objective',
    ],
    [
      '{ method: smoothed, byLabel: { joy: { fBeta: 2 } } }',
      'thresholds.byLabel: nothing with method: smoothed, which smooths one measure over all labels',
    ],
  ])('%s is refused with the reason', (thresholds, reason) => {
    expect(refused(thresholds)).toEqual([reason]);
  });

  it.each(['smoothed', '{ method: exact }', '{ objective: { fBeta: 2 } }', '{ byLabel: { joy: f1 } }'])(
    '%s is refused of rows with one class each',
    (thresholds) => {
      expect(refused(thresholds, 'single-label').join()).toMatch(
        /^thresholds[.a-zA-Z]*: nothing with task: single-label, whose rows are decided by offsets of their classes$/,
      );
      expect(refused('grid', 'single-label')).toEqual([]);
      expect(refused('{ method: grid }', 'single-label')).toEqual([]);
    },
  );
});
