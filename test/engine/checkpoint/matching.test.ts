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
  Object.fromEntries(matchWeights(expected, file(tensors), rules, 'model.safetensors').names);

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
    expect(matches.names.get('norm.weight')).toBe('bert.norm.weight');
  });
});

describe('a head with a row for each label', () => {
  const head: ExpectedTensor[] = [
    { name: 'classifier.weight', shape: [3, 4], optional: 'new head', rowPerLabel: true },
    { name: 'classifier.bias', shape: [3], optional: 'new head', rowPerLabel: true },
  ];
  const matched = (tensors: Readonly<Record<string, readonly number[]>>) => {
    const { names, replacedHead } = matchWeights(head, file(tensors), rules);
    return { ...Object.fromEntries(names), replacedHead };
  };
  const absent = { 'classifier.weight': null, 'classifier.bias': null };

  it.each([
    ['of as many labels is taken', [3, 4], [3], null],
    ['of fewer labels is left out', [2, 4], [2], 2],
    ['of more labels is left out', [9, 4], [9], 9],
    ['of half as many labels is left out whole', [3, 4], [2], 2],
  ])('%s', (_, weight, bias, replacedHead) => {
    const names =
      replacedHead === null
        ? { 'classifier.weight': 'classifier.weight', 'classifier.bias': 'classifier.bias' }
        : absent;
    expect(matched({ 'classifier.weight': weight, 'classifier.bias': bias })).toEqual({
      ...names,
      replacedHead,
    });
  });

  it('that is not there is new without further words', () => {
    expect(matched({})).toEqual({ ...absent, replacedHead: null });
  });

  it('of another width does not fit', () => {
    expect(() => matched({ 'classifier.weight': [3, 5], 'classifier.bias': [3] })).toThrow(
      /1 misshaped: classifier\.weight \[3, 5\] instead of \[3, 4\]/,
    );
  });
});

describe('weights that do not fit', () => {
  it('are told by the first few where there are many', () => {
    const many = Array.from({ length: 70 }, (_, i) => ({ name: `layer.${i}.weight`, shape: [1] }));
    const run = () => matchWeights(many, file({ ['x'.repeat(5_000)]: [1] }), rules);
    expect(run).toThrow(
      /70 missing: layer\.0\.weight, .*layer\.3\.weight and 66 more; 1 unexpected: x{100}…/,
    );
    expect(run).not.toThrow(/layer\.4\.weight/);
  });

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

  it('are not those that are there besides', () => {
    const tensors = { 'norm.weight': [4], 'norm.bias': [4], 'cls.a': [9], 'extra.one': [1] };
    expect(matchWeights(expected, file(tensors), rules).extra).toEqual(['extra.one']);
  });

  it('include two of one name', () => {
    expect(() => match({ 'norm.weight': [4], 'bert.norm.gamma': [4], 'norm.bias': [4] })).toThrow(
      /1 doubled: bert\.norm\.gamma/,
    );
  });
});
