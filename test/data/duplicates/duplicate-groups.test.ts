import { describe, expect, it } from 'vitest';
import { duplicateGroups, type Likeness } from '../../../data/duplicates/duplicate-groups.js';
import { leastSimilarity } from '../../../data/duplicates/near-duplicates.js';
import { normalised } from '../../../data/duplicates/normalised.js';
import { comparedCharacters, distinct, jaccard, shingles } from '../../../data/duplicates/shingles.js';
import { TextMemory } from '../../../data/duplicates/text-memory.js';
import { RandomState } from '../../../data/splits/random-state.js';

function textsOf(list: readonly string[]): TextMemory {
  const memory = new TextMemory();
  for (const text of list) memory.append(text);
  return memory;
}

const groupsOf = (list: readonly string[], likeness: Likeness = 'near-duplicates'): number[] => [
  ...duplicateGroups([textsOf(list)], likeness).of,
];

/** Texts of made words, some of them with a few characters or words changed. */
function madeTexts(random: RandomState, count: number, words: number): string[] {
  const word = (): string =>
    Array.from({ length: 2 + random.upTo(6) }, () => String.fromCharCode(97 + random.upTo(25))).join('');
  const texts: string[] = [];
  while (texts.length < count) {
    const text = Array.from({ length: 1 + random.upTo(words - 1) }, word).join(' ');
    texts.push(text);
    for (let copies = random.upTo(3); copies > 0; copies--) {
      const units = [...text];
      for (let changes = random.upTo(4); changes > 0; changes--) {
        units.splice(random.upTo(units.length - 1), random.upTo(2), ...word());
      }
      texts.push(units.join(''));
    }
  }
  return texts.slice(0, count);
}

/** Every pair compared by the sets themselves. */
function alikePairs(texts: readonly string[]): [number, number][] {
  const sets = texts.map((text) => {
    const plain = normalised(text);
    const starts = Array.from({ length: Math.max(plain.length - 4, 1) }, (_, start) => start);
    return new Set(starts.map((start) => plain.slice(start, start + 5)));
  });
  const pairs: [number, number][] = [];
  for (const [row, own] of sets.entries()) {
    for (let other = 0; other < row; other++) {
      const common = [...own].filter((shingle) => sets[other]!.has(shingle)).length;
      if (common / (own.size + sets[other]!.size - common) >= leastSimilarity) pairs.push([other, row]);
    }
  }
  return pairs;
}

describe('duplicates', () => {
  it('are texts that differ in composition, case and white space alone', () => {
    const list = [
      'Café au lait',
      'other',
      ' cafe\u0301  AU\tlait\n',
      'Cafe au lait',
      'other.',
      'OTHER',
      '',
      ' ',
    ];
    expect(groupsOf(list, 'duplicates')).toEqual([0, 1, 0, 2, 3, 1, 4, 5]);
  });

  it('are found in several tables at once, one after the other', () => {
    const train = textsOf(['one', 'two', 'three']);
    const test = textsOf(['Two', 'four', 'one']);
    expect([...duplicateGroups([train, test], 'duplicates').of]).toEqual([0, 1, 2, 1, 3, 0]);
  });

  it('are none where there is no row', () => {
    expect(duplicateGroups([textsOf([])], 'near-duplicates')).toEqual({ of: new Int32Array(0), count: 0 });
  });
});

describe('near duplicates', () => {
  it.each([1, 2, 3])(
    'are the pairs that a comparison of all finds, and what is near them (seed %i)',
    (seed) => {
      const texts = madeTexts(new RandomState(seed), 600, 60);
      const groups = groupsOf(texts);
      const pairs = alikePairs(texts);
      expect(pairs.length).toBeGreaterThan(100);
      const missed = pairs.filter(([one, other]) => groups[one] !== groups[other]);
      expect(missed.length).toBeLessThanOrEqual(pairs.length * 0.01);
      // No two are in one group that no chain of such pairs joins.
      const chained = texts.map((_, row) => row);
      for (const [one, other] of pairs) {
        const [kept, gone] = [chained[one]!, chained[other]!];
        chained.forEach((of, row) => of === gone && (chained[row] = kept));
      }
      const chainOf = new Map(groups.map((group, row) => [group, chained[row]!]));
      expect(groups.map((group) => chainOf.get(group))).toEqual(chained);
    },
  );

  it('hold duplicates, too', () => {
    expect(groupsOf(['A', 'b', 'a ', 'c', 'B'])).toEqual([0, 1, 0, 2, 1]);
  });

  it('are the same again', () => {
    const texts = madeTexts(new RandomState(7), 400, 30);
    expect(groupsOf(texts)).toEqual(groupsOf(texts));
  });

  it('are found across tables', () => {
    const text = 'the quick brown fox jumps over the lazy dog and runs away from everything in the field';
    const tables = [textsOf(['something else', text]), textsOf([text.replace('lazy', 'lasy')])];
    expect([...duplicateGroups(tables, 'near-duplicates').of]).toEqual([0, 1, 1]);
  });

  it('of a text full of one shingle is every other that is full of it', () => {
    const lengths = Array.from({ length: 300 }, (_, row) => 5 + row);
    expect(new Set(groupsOf(lengths.map((length) => 'a'.repeat(length)))).size).toBe(1);
  });

  it('are looked for in the beginning of very long texts alone', () => {
    const long = 'abcdefg hij '.repeat(comparedCharacters / 12 + 1);
    expect(shingles(long).length).toBeLessThanOrEqual(comparedCharacters);
  });
});

describe('of very many texts that are somewhat alike', () => {
  it('each is compared with a few others only', () => {
    const random = new RandomState(5);
    const letters = (): string =>
      Array.from({ length: 60 }, () => String.fromCharCode(97 + random.upTo(25))).join('');
    const common = 'this message was sent to everybody who had asked for it, in the same words as ever: ';
    let read = 0;
    const texts = textsOf(Array.from({ length: 3000 }, () => common + letters()));
    const counting = {
      length: texts.length,
      lists: () => texts.lists(),
      range: (first: number, end: number) => {
        read++;
        return texts.range(first, end);
      },
    };
    const { count } = duplicateGroups([counting], 'near-duplicates');
    expect(count).toBe(3000);
    expect(read).toBeLessThan(3000 * 8);
  });
});

describe('the similarity of two texts', () => {
  it.each([
    ['abcdef', 'abcdef', 1],
    ['abcdef', 'abcdeg', 1 / 3],
    ['abc', 'abc', 1],
    ['abc', 'abd', 0],
    ['', '', 1],
  ])('of %j and %j is %f', (one, other, expected) => {
    const [left, right] = [one, other].map((text) => distinct(shingles(text)));
    expect(jaccard(left!, right!)).toBeCloseTo(expected, 12);
  });
});
