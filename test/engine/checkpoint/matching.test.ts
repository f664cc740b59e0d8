import { describe, expect, it } from 'vitest';
import {
  matchWeights,
  type ExpectedTensor,
  type MatchingRules,
} from '../../../engine/checkpoint/matching.js';
import { InputFault } from '../../../errors/fault.js';

const rules: MatchingRules = {
  prefixes: ['bert.'],
  ballast: [/^cls\./, /position_ids$/],
  renamings: [
    [/\.gamma$/, '.weight'],
    [/\.beta$/, '.bias'],
  ],
};

const expected: ExpectedTensor[] = [
  { name: 'bert.norm.weight', shape: [4] },
  { name: 'bert.norm.bias', shape: [4] },
  { name: 'classifier.weight', shape: [2, 4], optional: 'new head' },
];

function file(tensors: Readonly<Record<string, readonly number[]>>) {
  return { names: () => Object.keys(tensors), shape: (name: string) => tensors[name] ?? [] };
}

const match = (tensors: Readonly<Record<string, readonly number[]>>) =>
  Object.fromEntries(matchWeights(expected, file(tensors), rules, 'model.safetensors'));

describe('weights are matched by name', () => {
  it.each([
    ['as they are', { 'bert.norm.weight': [4], 'bert.norm.bias': [4] }, 'bert.norm.weight', 'bert.norm.bias'],
    ['where the file lacks the prefix', { 'norm.weight': [4], 'norm.bias': [4] }, 'norm.weight', 'norm.bias'],
    [
      'where the file has old names',
      { 'bert.norm.gamma': [4], 'norm.beta': [4] },
      'bert.norm.gamma',
      'norm.beta',
    ],
    [
      'beside ballast, with or without prefix',
      { 'norm.weight': [4], 'norm.bias': [4], 'cls.a': [9], 'bert.embeddings.position_ids': [1] },
      'norm.weight',
      'norm.bias',
    ],
  ])('%s; an absent new head is null', (_, tensors, weight, bias) => {
    expect(match(tensors)).toEqual({
      'bert.norm.weight': weight,
      'bert.norm.bias': bias,
      'classifier.weight': null,
    });
  });

  it('and a head that is there is taken', () => {
    const tensors = { 'norm.weight': [4], 'norm.bias': [4], 'classifier.weight': [2, 4] };
    expect(match(tensors)['classifier.weight']).toBe('classifier.weight');
  });

  it('where the network itself has no prefix but the file has', () => {
    const matches = matchWeights(
      [{ name: 'norm.weight', shape: [4] }],
      file({ 'bert.norm.weight': [4] }),
      rules,
    );
    expect(matches.get('norm.weight')).toBe('bert.norm.weight');
  });
});

describe('weights that do not fit', () => {
  it('are all named in one input fault', () => {
    const tensors = { 'norm.weight': [5], 'extra.one': [1], 'extra.two': [1], 'classifier.weight': [3, 4] };
    const run = () => match(tensors);
    expect(run).toThrow(InputFault);
    expect(run).toThrow(/1 missing: bert\.norm\.bias/);
    expect(run).toThrow(
      /2 misshaped: norm\.weight \[5\] instead of \[4\], classifier\.weight \[3, 4\] instead of \[2, 4\]/,
    );
    expect(run).toThrow(/2 unexpected: extra\.one, extra\.two/);
  });

  it('include two of one name', () => {
    expect(() => match({ 'norm.weight': [4], 'bert.norm.gamma': [4], 'norm.bias': [4] })).toThrow(
      /1 unexpected: bert\.norm\.gamma/,
    );
  });
});
