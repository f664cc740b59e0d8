import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseResult, readResultFile } from '../../activities/result-file.js';
import { InputFault } from '../../errors/fault.js';
import type { RunResult } from '../../report/run-result.js';
import {
  assessedReport,
  calibratedReport,
  ensembleReport,
  objectiveReport,
  sampleReport,
} from '../report/sample.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-result-'));
afterAll(() => rmSync(folder, { recursive: true }));

const { result } = sampleReport();
const read = (value: unknown): RunResult => parseResult(JSON.stringify(value), 'result.json');

describe('a result that is read', () => {
  it('is what was written', () => {
    const whole = {
      ...result,
      reused: ['data'],
      previous: { run: 'before', macroF1: result.macroF1, change: result.macroF1 },
    };
    expect(read(whole)).toEqual(whole);
  });

  it.each(['multi-label', 'single-label'] as const)(
    'is what was written, undefined scores too: %s',
    (task) => {
      const assessed = assessedReport({}, task).result;
      expect(read(assessed)).toEqual(assessed);
      expect(read(assessed).assessment?.perLabel['surprise']?.rocAuc).toBeNaN();
    },
  );

  it('has NaN again where JSON has null', () => {
    const odd = { ...result, macroF1: { ...result.macroF1, tuned: NaN } };
    expect(read(odd).macroF1).toEqual(odd.macroF1);
  });

  it('tells of the members of an ensemble', () => {
    expect(read(ensembleReport().result)).toEqual(ensembleReport().result);
  });

  it('tells of objectives, and of what calibrates', () => {
    for (const { result: told } of [objectiveReport(), calibratedReport()]) expect(read(told)).toEqual(told);
  });

  it('may be of an earlier version: what was added since is filled in, or absent', () => {
    const { configuration } = result;
    const { retrySeeds, ...training } = configuration.training;
    expect(read({ ...result, configuration: { ...configuration, training } }).configuration.training).toEqual(
      {
        ...training,
        retrySeeds,
      },
    );
  });
});

describe('a result is refused', () => {
  it.each([
    ['no calibrator of a label', { joy: { temperature: 2 } }],
    ['a temperature of 0', { joy: { temperature: 0 }, fear: { temperature: 1 } }],
    ['knots that fall', { joy: { knots: [0.5, 0.1], values: [0, 1] }, fear: { temperature: 1 } }],
    ['a value too few', { joy: { knots: [0.1, 0.5], values: [0] }, fear: { temperature: 1 } }],
  ])('with %s', (_, calibrators) => {
    const { result: told } = calibratedReport();
    const calibration = { ...told.calibration, calibrators };
    expect(() => read({ ...told, calibration })).toThrow(/found calibration/);
  });

  const { thresholds, perLabel, folds, configuration } = result;
  const assessed = assessedReport().result;
  const withoutJoy = (values: object): object =>
    Object.fromEntries(Object.entries(values).filter(([label]) => label !== 'joy'));
  const first = { ...folds[0]! };
  const { result: ensemble } = ensembleReport();
  const cases: [claim: string, value: unknown, message: RegExp][] = [
    ['that is a list', [], /at its root/],
    ['that is null', null, /at its root/],
    [
      'with a weight of no member',
      { ...ensemble, ensemble: { ...ensemble.ensemble, weights: { 'seed-9': 1 } } },
      /ensemble: its members are others/,
    ],
    ['with members and no ensemble', { ...result, members: ensemble.members }, /ensemble: its members/],
    [
      'with a member that is a path',
      { ...ensemble, members: [{ ...ensemble.members![0], id: '../x' }] },
      /members\.0\.id/,
    ],
    [
      'with a weight above 1',
      { ...ensemble, ensemble: { ...ensemble.ensemble, weights: { 'seed-42': 2 } } },
      /ensemble\.weights/,
    ],
    ['without labels', { ...result, labels: [] }, /labels/],
    [
      'without a threshold of a label',
      { ...result, thresholds: withoutJoy(thresholds) },
      /thresholds: nothing of the label joy/,
    ],
    [
      'without the scores of a label',
      { ...result, perLabel: withoutJoy(perLabel) },
      /perLabel: nothing of the label joy/,
    ],
    [
      'without the assessment of a label',
      {
        ...assessed,
        assessment: { ...assessed.assessment, perLabel: withoutJoy(assessed.assessment!.perLabel) },
      },
      /assessment: nothing of the label joy/,
    ],
    [
      'with a verdict of its own',
      {
        ...assessed,
        assessment: { ...assessed.assessment, macro: { ...assessed.assessment!.macro, verdict: '<b>' } },
      },
      /assessment.macro.verdict/,
    ],
    [
      'with a threshold that is no number',
      { ...result, thresholds: { ...thresholds, joy: null } },
      /thresholds.joy/,
    ],
    [
      'with a fold that leaves its folder',
      { ...result, folds: [{ ...first, fold: '../..' }] },
      /folds.0.fold/,
    ],
    ['with a fold 0', { ...result, folds: [{ ...first, fold: 0 }] }, /folds.0.fold/],
    ['with a run that leaves its folder', { ...result, run: '../x' }, /run/],
    [
      'with a relative path in its configuration',
      { ...result, configuration: { ...configuration, model: { checkpoint: '../x', maxLength: 8 } } },
      /model.checkpoint/,
    ],
    [
      'without a configuration',
      { ...result, configuration: undefined },
      /the pipeline of the call|configuration/,
    ],
  ];
  it.each(cases)('%s', (_claim, value, message) => {
    expect(() => read(value)).toThrow(InputFault);
    expect(() => read(value)).toThrow(message);
  });

  it('that is no JSON, or too deep for any reader', () => {
    expect(() => parseResult('{"run": ', 'result.json')).toThrow(
      /result\.json: this is not the result of a run/,
    );
    expect(() => parseResult('['.repeat(100_000), 'result.json')).toThrow(InputFault);
    expect(() => parseResult(`{"configuration":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'r')).toThrow(
      InputFault,
    );
  });
});

describe('the file of a result', () => {
  const path = join(folder, 'result.json');

  it('is null where there is none: the run has not completed, or has no report', async () => {
    expect(await readResultFile(join(folder, 'none', 'result.json'))).toBeNull();
  });

  it('is told from one that is there and is none', async () => {
    writeFileSync(path, '{}');
    await expect(readResultFile(path)).rejects.toThrow(/not the result of a run/);
    truncateSync(path, 65 * 1024 * 1024);
    await expect(readResultFile(path)).rejects.toThrow(/found 68157440 bytes/);
    mkdirSync(join(folder, 'folder'));
    await expect(readResultFile(join(folder, 'folder'))).rejects.toThrow(/found no file/);
  });

  it('is read whole', async () => {
    writeFileSync(path, JSON.stringify(result));
    expect(await readResultFile(path)).toEqual(result);
  });
});
