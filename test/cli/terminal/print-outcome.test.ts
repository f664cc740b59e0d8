import { describe, expect, it } from 'vitest';
import type { RunOutcome } from '../../../cli/facts/run-outcome.js';
import { printOutcome } from '../../../cli/terminal/print-outcome.js';
import type { RunResult } from '../../../report/run-result.js';
import {
  assessedReport,
  calibratedReport,
  ensembleReport,
  objectiveReport,
  sampleReport,
} from '../../report/sample.js';

function printed(result: RunResult): string[] {
  const lines: string[] = [];
  const outcome: RunOutcome = {
    run: result.run,
    workflowId: 'w',
    state: 'completed',
    waitingFor: null,
    failure: null,
    seconds: 3,
    directory: null,
    files: [],
    macroF1: result.macroF1,
    skippedFolds: [],
    reused: [],
    warnings: [],
  };
  printOutcome({ print: (line) => lines.push(line), note: () => undefined }, { outcome, result }, 'h');
  return lines;
}

describe('what is told of a run that completed', () => {
  it('is, of an ensemble, what its members count and reach, what they gain, and who lacks a fold', () => {
    const lines = printed(ensembleReport().result);
    const from = lines.findIndex((line) => line.startsWith('member'));
    expect(lines.slice(from - 1, from + 6)).toEqual([
      '',
      'member     weight  F1 at 0.5  F1 tuned  cross-fitted',
      'seed-42     0.625      0.590     0.630         0.617',
      'seed-43     0.375      0.590     0.630         0.618',
      'seed-44  left out          –         –             –',
      'The ensemble gains in cross-fitted macro F1: +0.004 (95 % interval −0.002 to +0.011) over the plain mean of its members, +0.012 (95 % interval +0.003 to +0.020) over the best of them alone, which is chosen in hindsight. Its weights and thresholds are chosen on other rows than they are judged on.',
      'Member seed-44 lacks fold 1: the ensemble does without it.',
    ]);
  });

  it('is what the headline is worth, and which labels are not better than no skill', () => {
    const { result } = assessedReport();
    const lines = printed(result);
    const { intervals, noSkill } = result.assessment!.macro;
    const [from, to] = intervals.crossFitted.map((bound) => bound.toFixed(3));
    expect(lines).toContain(
      `With 95 % confidence, macro F1 on new rows like these lies between ${from} and ${to}. Saying yes to every label, without reading, reaches ${noSkill.always.toFixed(3)}. The model is better than that.`,
    );
    expect(lines).toContain('Not shown to be better than no skill: anger.');
  });

  it('is what thresholds were tuned for, where that is not F1, and whether it is held', () => {
    const lines = printed(objectiveReport().result);
    const from = lines.findIndex((line) => line.startsWith('label') && line.includes('sought'));
    expect(lines.slice(from, from + 4).map((line) => line.split(/ {2,}/))).toEqual([
      ['label', 'sought', 'at 0.5', 'tuned', 'cross-fitted', 'precision', 'recall', 'held'],
      ['joy', 'F-beta, β = 2', '0.500', '0.750', '0.700', '0.875', '–'],
      [
        ...['fear', 'recall, with precision at least 0.9', '0.500', '0.750', '0.700', '0.875', '–'],
        'only on the rows it was tuned on',
      ],
      ['anger', 'recall, with precision at least 0.9', '0.500', '0.750', '0.700', '0.875', '–', 'no'],
    ]);
    expect(printed(sampleReport().result).join('\n')).not.toContain('sought');
  });

  it('is what calibration changed, where the pipeline calibrates', () => {
    expect(printed(calibratedReport().result)).toContain(
      'Probabilities are calibrated by temperature scaling. Cross-fitted, that takes the Brier score from 0.200 to 0.200, the calibration error from 0.090 to 0.050 and the log loss from 0.900 to 0.500; less is better.',
    );
    expect(printed(sampleReport().result).join('\n')).not.toContain('calibrated');
  });

  it('is of a result of an earlier version, without an assessment, what it was', () => {
    expect(printed(sampleReport().result).join('\n')).not.toMatch(/confidence|skill/);
  });

  it('is, of one member, no word of an ensemble', () => {
    expect(printed(sampleReport().result).join('\n')).not.toMatch(/member|ensemble/);
  });
});
