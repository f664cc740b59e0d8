import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseTokenizer } from '../../../engine/tokenization/tokenizer.js';
import { parseTokenizerJson } from '../../../engine/tokenization/foreign-json.js';
import { modelIds } from '../../../engine/tokenization/tokenizer-json.js';
import { learnVocabulary } from '../../../engine/tokenization/vocabulary.js';

const texts = [
  'low low low low low',
  'lower lower',
  'newest newest newest newest newest newest',
  'widest widest widest',
];

function tokens(json: string): string[] {
  return [...modelIds(parseTokenizerJson('learnt', json))]
    .sort(([, a], [, b]) => a - b)
    .map(([token]) => token);
}

/** Words by a small counter-based generator: many, and always the same. */
function manyTexts(count: number): string[] {
  const word = (n: number): string =>
    createHash('md5')
      .update(String(n % 9973))
      .digest('hex')
      .slice(0, 3 + (n % 7));
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: 20 }, (_, j) => word(i * j * 31 + j)).join(' '),
  );
}

describe('a learnt vocabulary', () => {
  it('finds the merges of the textbook example in their order', () => {
    const learnt = tokens(learnVocabulary(texts, { size: 36, type: 'bert' }));
    const pieces = learnt.filter((token) => token.replace('##', '').length > 1 && !token.startsWith('['));
    expect(pieces.slice(0, 6)).toEqual(['##es', '##est', '##ow', 'low', '##ew', '##ewest']);
  });

  it.each([6, 7, 12, 20, 36, 100, 500])(
    'of size %i has exactly so many entries, with ids from 0',
    async (size) => {
      const json = learnVocabulary(texts, { size, type: 'bert' });
      expect([...modelIds(parseTokenizerJson('learnt', json)).values()].sort((a, b) => a - b)).toEqual(
        Array.from({ length: size }, (_, id) => id),
      );
      const tokenizer = await parseTokenizer(json);
      expect(tokenizer.vocabularySize).toBe(size);
      expect([tokenizer.padId, tokenizer.clsId, tokenizer.sepId, tokenizer.unkId]).toEqual([0, 1, 2, 3]);
    },
  );

  it('is filled with unused entries where the texts hold too little', () => {
    expect(tokens(learnVocabulary(['a'], { size: 8, type: 'bert' }))).toEqual([
      ...['[PAD]', '[CLS]', '[SEP]', '[UNK]', '[MASK]', 'a', '[unused0]', '[unused1]'],
    ]);
    expect(tokens(learnVocabulary([], { size: 6, type: 'bert' })).at(-1)).toBe('[unused0]');
  });

  it('does not depend on the order of the texts', () => {
    const options = { size: 30, type: 'bert' } as const;
    expect(learnVocabulary([...texts].reverse(), options)).toBe(learnVocabulary(texts, options));
  });

  it('keeps the case and accents for deberta-v2 and drops both for bert', () => {
    const learnt = (type: 'bert' | 'deberta-v2') =>
      tokens(learnVocabulary(['É É É'], { size: 6, type })).at(-1);
    expect([learnt('bert'), learnt('deberta-v2')]).toEqual(['e', 'É']);
  });

  it('tokenises a word of its texts as few pieces and an unknown character as [UNK]', async () => {
    const tokenizer = await parseTokenizer(learnVocabulary(texts, { size: 40, type: 'bert' }));
    const [known, unknown] = await tokenizer.encode(['newest', '日'], 16);
    expect(known).toHaveLength(3);
    expect(unknown).toEqual(Int32Array.of(1, 3, 2));
  });

  it('refuses a size with no room for the texts', () => {
    expect(() => learnVocabulary(texts, { size: 5, type: 'bert' })).toThrow(/at least 6/);
  });

  it('of 8,000 entries from 3,000 texts is there within a minute', () => {
    const start = performance.now();
    expect(tokens(learnVocabulary(manyTexts(3000), { size: 8000, type: 'bert' }))).toHaveLength(8000);
    expect(performance.now() - start).toBeLessThan(60_000);
  }, 90_000);

  it('has the same bytes in every process: these', () => {
    const json = learnVocabulary(manyTexts(200), { size: 2000, type: 'bert' });
    const hash = createHash('sha256').update(json).digest('hex');
    expect(hash).toBe('b55be82daedd0686296cde5a59ece09cfba7e27dc1a8d6b5d1f315b991b15108');
  });
});
