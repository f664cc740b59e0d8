import { describe, expect, it } from 'vitest';
import { Fault } from '../../../errors/fault.js';
import {
  answerRange,
  checkCollapse,
  checkFinite,
  checkJudgement,
  DivergenceFault,
} from '../../../engine/training/divergence.js';

const stepped = (loss: number, gradientNorm: number) => ({
  loss,
  gradientNorm,
  skipped: !(Number.isFinite(loss) && Number.isFinite(gradientNorm)),
});

describe('a step', () => {
  it.each([
    [NaN, 1],
    [Infinity, 1],
    [0.5, NaN],
    [0.5, Infinity],
  ])('with loss %d and gradient norm %d has diverged, and says where and what to do', (loss, norm) => {
    const check = (): void => checkFinite(3, 17, stepped(loss, norm), null);
    expect(check).toThrow(DivergenceFault);
    expect(check).toThrow(`fold 3, step 18: training diverged`);
    expect(check).toThrow(`loss ${loss}, gradient norm ${norm}`);
    expect(check).toThrow(/training\.learningRate.*training\.retrySeeds/);
  });

  it('with a finite loss and norm has not', () => {
    expect(() => checkFinite(1, 0, stepped(0, 0), null)).not.toThrow();
    expect(() => checkFinite(1, 0, stepped(1e30, 1e30), null)).not.toThrow();
    expect(() => checkFinite(1, 0, stepped(1, 1), 2 ** -3)).not.toThrow();
  });

  it.each([
    [0.5, Infinity],
    [NaN, NaN],
  ])(
    'that is skipped with loss %d and norm %d has where its loss scale is as small as none',
    (loss, norm) => {
      for (const scale of [1, 2, 2 ** 40])
        expect(() => checkFinite(1, 0, stepped(loss, norm), scale)).not.toThrow();
      const check = (): void => checkFinite(1, 0, stepped(loss, norm), 0.5);
      expect(check).toThrow(DivergenceFault);
      expect(check).toThrow(`loss ${loss}, gradient norm ${norm}, even with a loss scale of 0.5`);
    },
  );
});

describe('a judgement', () => {
  it.each([NaN, Infinity])('with a validation loss of %d has diverged', (valLoss) => {
    const check = (): void => checkJudgement(3, 2, { trainLoss: 1, valLoss });
    expect(check).toThrow(DivergenceFault);
    expect(check).toThrow(/fold 3, epoch 2: .*validation loss is not finite/);
  });

  it('of an epoch of which no step had a loss has diverged', () => {
    const check = (): void => checkJudgement(3, 2, { trainLoss: 0 / 0, valLoss: 1 });
    expect(check).toThrow(/fold 3, epoch 2: .*training loss is not finite/);
  });

  it('with a finite one has not', () => {
    expect(() => checkJudgement(3, 2, { trainLoss: 40, valLoss: 40 })).not.toThrow();
  });
});

describe('the range of the answers', () => {
  it.each<[string, number[], number, number]>([
    ['is 0 where all rows are alike', [0.25, 0.75, 0.25, 0.75], 2, 0],
    ['is that of the label that varies most', [0.25, 0.5, 0.5, 0.5, 0.75, 0.625], 2, 0.5],
    ['is not that between labels', [0, 1], 2, 0],
    ['is 0 for one row', [0.5], 1, 0],
  ])('%s', (_, probabilities, labels, expected) => {
    expect(answerRange(Float32Array.from(probabilities), labels)).toBe(expected);
  });
});

describe('a model', () => {
  it.each([0, 5e-5, 1e-4])('whose answers differ by at most %d has collapsed', (range) => {
    expect(() => checkCollapse(2, range, 0.01)).toThrow(DivergenceFault);
    expect(() => checkCollapse(2, range, 0.01)).toThrow(/fold 2: the model collapsed/);
  });

  it('whose answers differ by more has not', () => {
    expect(() => checkCollapse(2, 2e-4, 0.01)).not.toThrow();
  });

  it.each([4e-5, 6e-5, 5e-4])(
    'has not collapsed where it has hardly learnt: its answers were %d apart before it was trained',
    (untrained) => expect(() => checkCollapse(2, 5e-5, untrained)).not.toThrow(),
  );

  it('that diverged is a fault that the same seed would meet again', () => {
    expect(new DivergenceFault({ where: 'fold 1', what: 'it diverged' })).toMatchObject({ retryable: false });
    expect(new DivergenceFault({ where: 'fold 1', what: 'it diverged' })).toBeInstanceOf(Fault);
  });
});
