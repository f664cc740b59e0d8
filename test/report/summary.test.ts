import { describe, expect, it } from 'vitest';
import { adviceOf } from '../../report/advice.js';
import type { RunResult } from '../../report/run-result.js';
import { learntWords, trainedWords } from '../../report/summary-words.js';
import { wideReport } from './pages.js';
import { assessedReport, ensembleReport, sampleReport } from './sample.js';

const { result } = sampleReport();

describe('what was trained, in words', () => {
  it('names the model, the texts, the labels, the folds and the epochs', () => {
    expect(trainedWords(result)).toBe(
      'microsoft/deberta-v3-base was fine-tuned on 400 texts to tell which of the 5 labels anger, fear, joy, sadness, surprise are true of a text, any number of them. The texts were split into 5 folds, and 5 models were trained for 4 epochs, each on all folds but one. That one it then predicted, so that every score on this page is of texts that the model had not seen.',
    );
  });

  it('asks for one class where a row has one, and for one label whether it is true', () => {
    expect(trainedWords(assessedReport({}, 'single-label').result)).toContain(
      'which one of the 5 classes anger, fear, joy, sadness, surprise a text belongs to',
    );
    expect(trainedWords(sampleReport({ labels: ['joy'] }).result)).toContain(
      'whether the label joy is true of a text',
    );
  });

  it('says so of a network from scratch, of a local folder without its path, and of members', () => {
    const { model } = result.configuration;
    const scratch = {
      type: 'bert',
      hiddenSize: 8,
      layers: 2,
      heads: 2,
      intermediateSize: 8,
      vocabulary: 50,
    } as const;
    const withModel = (changed: RunResult['configuration']['model']) =>
      trainedWords({ ...result, configuration: { ...result.configuration, model: changed } });
    expect(withModel({ scratch, maxLength: 8 })).toMatch(
      /^From scratch, a bert network of 2 layers with random weights was trained on 400 texts/,
    );
    expect(withModel({ ...model, checkpoint: '/home/someone/tiny' })).toMatch(/^tiny was fine-tuned/);
    expect(trainedWords(ensembleReport().result)).toContain(
      '14 models (3 members of an ensemble, each on every fold) were trained',
    );
  });

  it('counts labels where they are many, and names the most frequent ones', () => {
    const wide = wideReport({ width: 40, members: 2, rows: 300 }).result;
    expect(trainedWords(wide)).toContain('to tell which of the 40 labels are true of a text');
    const told = learntWords(wide)!;
    expect(told).toMatch(/^Shown to be learnt, .*: \d+ of 40 labels, the most frequent of them label 1, /);
    expect(told.length).toBeLessThan(600);
  });
});

describe('of which labels a skill is shown', () => {
  it('is told for all, for some and for none of them', () => {
    const some = learntWords(assessedReport().result);
    expect(some).toBe(
      'Shown to be learnt, that is better than what no skill gets: fear, joy, sadness. Not shown to be better than no skill: anger. Never occurring, so that nothing can be told: surprise.',
    );
    expect(learntWords(assessedReport({}, 'multi-label', 'all').result)).toMatch(
      /^Of no label is it shown that anything was learnt of it\. Never/,
    );
    const { assessment, ...without } = assessedReport().result;
    const all = Object.fromEntries(
      result.labels.map((label) => [label, { ...assessment!.perLabel['fear']! }]),
    );
    expect(learntWords({ ...without, assessment: { ...assessment!, perLabel: all } })).toMatch(
      /^Every one of the 5/,
    );
    expect(learntWords(without)).toBeNull();
  });
});

describe('what to do next', () => {
  const commands = (changed: RunResult) => adviceOf(changed).flatMap(({ command }) => command ?? []);
  const words = (changed: RunResult) =>
    adviceOf(changed)
      .map((advice) => advice.words)
      .join('\n');
  const withLosses = (losses: readonly number[], some = result): RunResult => ({
    ...some,
    folds: some.folds.map((fold) => ({
      ...fold,
      epochs: losses.map((valLoss, place) => ({ epoch: place + 1, trainLoss: 0.5, valLoss, macroF1: 0.5 })),
    })),
  });

  it.each([
    [
      'falls to the end',
      [0.6, 0.5, 0.4],
      'training.epochs=8',
      'in 5 of 5 folds the validation loss was still falling',
    ],
    ['rises again', [0.6, 0.4, 0.5], 'training.epochs=2', 'which is overfitting'],
  ])('follows from a validation loss that %s', (_, losses, command, told) => {
    expect(commands(withLosses(losses)).join('\n')).toContain(command);
    expect(words(withLosses(losses))).toContain(told);
  });

  it.each([
    ['has settled', [0.6, 0.5, 0.499]],
    ['is of one epoch', [0.6]],
    ['is none', []],
    ['is no number', [NaN, NaN]],
  ])('is silent on a validation loss that %s', (_, losses) => {
    expect(words(withLosses(losses))).not.toMatch(/validation loss/);
  });

  it('is nothing but to go on where no skill is shown, and never to predict', () => {
    const { result: unskilled } = assessedReport({}, 'multi-label', 'all');
    expect(adviceOf(unskilled)[0]!.words).toMatch(/^Do not build on these predictions yet/);
    expect(commands(unskilled).join('\n')).not.toContain('predict');
    expect(commands(assessedReport().result)).toContain(`foldwise predict ${result.run} texts.csv`);
  });

  it('names labels of which nothing is shown, those above no skill apart, with their rows', () => {
    const { result: some } = assessedReport();
    const anger = some.assessment!.perLabel['anger']!;
    const above = { ...anger, overNoSkill: { difference: 0.01, interval: [-0.01, 0.03] as const } };
    const told = words({
      ...some,
      assessment: { ...some.assessment!, perLabel: { ...some.assessment!.perLabel, anger: above } },
    });
    const rows = some.perLabel['anger']!.support;
    expect(told).toContain(`More rows may show what is known of anger (${rows} positive rows)`);
    expect(words(some)).toContain(`Read some texts of anger (${rows} positive rows)`);
  });

  it('tells what tuning flatters, of folds that were skipped and of probabilities that are none', () => {
    expect(words({ ...result, macroF1: { atHalf: 0.5, tuned: 0.65, crossFitted: 0.6 } })).toContain(
      'Quote 0.600, never 0.650: tuning flatters by 0.050 here',
    );
    expect(words({ ...result, macroF1: { atHalf: 0.5, tuned: 0.61, crossFitted: 0.6 } })).not.toContain(
      'Quote',
    );
    expect(words({ ...result, skippedFolds: [2] })).toContain('Run the pipeline again');
    const { assessment } = assessedReport().result;
    const off = { ...assessment!, macro: { ...assessment!.macro, calibrationError: 0.2 } };
    expect(words({ ...result, assessment: off })).toContain('off by 20.0 % on average');
  });

  it('does not advise other seeds where there are members already', () => {
    expect(commands(result).join('\n')).toContain('matrix.training.seed');
    expect(commands(ensembleReport().result).join('\n')).not.toContain('matrix.training.seed');
  });
});
