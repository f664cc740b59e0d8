import { describe, expect, it } from 'vitest';
import { networks } from '../../../bench/step/networks.js';
import { spread, summarise } from '../../../bench/step/summary.js';

describe('the spread of some numbers', () => {
  it.each([
    ['of one is that one', [3], { median: 3, min: 3, max: 3 }],
    ['of an odd count has the middle one', [5, 1, 2], { median: 2, min: 1, max: 5 }],
    ['of an even count has the mean of the two in the middle', [4, 1, 10, 2], { median: 3, min: 1, max: 10 }],
  ])('%s', (_, values, expected) => {
    expect(spread(values)).toEqual(expected);
  });
});

describe('the summary', () => {
  const side = (seconds: readonly number[], peakBytes: number) => ({
    ready: { ready: true as const, threads: 2, parameters: 10 },
    steps: seconds.map((value) => ({ seconds: value, loss: 0.5 })),
    peakBytes,
  });
  const text = { tokens: [[1, 2, 3]], labels: [[0, 1, 0, 0, 1]] };
  const file = { batches: [text, text, text], vocabulary: [1, 2, 3], mostTokens: 3 };
  const ours = side([1, 2, 4], 100);
  const peaks = { onnxruntime: 100, torch: 200 };

  it('takes the ratio of each batch, not that of the medians', () => {
    const sides = { ours, padded128: side([10, 10, 10], 200), longest: side([1, 4, 4], 50) };
    const { ratios } = summarise({ network: networks.minilm, sides, peaks }, file);
    expect(ratios).toEqual({
      padded128: { median: 5, min: 2.5, max: 10 },
      longest: { median: 1, min: 1, max: 2 },
    });
  });

  it('judges each target by what was measured', () => {
    const sides = { ours, padded128: side([10, 10, 10], 200), longest: side([1, 4, 4], 50) };
    const { targets } = summarise({ network: networks.minilm, sides, peaks }, file);
    expect(targets.slice(0, 4).map(({ measured, met }) => [measured, met])).toEqual([
      [5, true],
      [1, false],
      [0.5, true],
      [2, false],
    ]);
  });

  it('has no ratio and no target of speed or memory where PyTorch is missing', () => {
    const { ratios, targets } = summarise({ network: networks.minilm, sides: { ours }, peaks }, file);
    expect(ratios).toEqual({});
    expect(targets.map(({ what }) => what)).toEqual(['of the matrix peak']);
  });
});
