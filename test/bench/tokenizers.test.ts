import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { blockHashes, blockSize, idsOfKind } from '../../bench/tokenizers/campaign.js';
import { tokenizerKinds } from '../../bench/tokenizers/kinds.js';
import { campaignTexts, maxLength, textCount } from '../../bench/tokenizers/texts.js';

/** What bench/tokenizers/reference.py writes: of each kind a hash for each hundred texts. */
const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '../golden/tokenizers/campaign.json'), 'utf8'),
) as { readonly maxLength: number; readonly kinds: Readonly<Record<string, readonly string[]>> };

const folder = mkdtempSync(join(tmpdir(), 'tokenizers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The first of the campaign's texts: all of them take minutes. */
const blocks = 15;
const texts = campaignTexts().slice(0, blocks * blockSize);

describe('the texts of the campaign', () => {
  it('are ten thousand different ones', () => {
    const all = campaignTexts();
    expect(new Set(all).size).toBe(textCount);
    expect(all).toHaveLength(textCount);
  });

  it.each([
    ['emoji', /\p{Extended_Pictographic}/u],
    ['combining marks', /\p{M}/u],
    ['zero-width characters', /[\u200b-\u200d\ufeff]/],
    ['control characters', /\p{Cc}/u],
    ['right-to-left scripts', /\p{Script=Hebrew}.*\p{Script=Arabic}|\p{Script=Arabic}/u],
    ['scripts without spaces', /\p{Script=Han}|\p{Script=Thai}/u],
    ['literal special tokens', /\[(?:SEP|CLS|MASK|PAD|UNK)\]|<\/?s>|<(?:mask|pad|unk)>/],
  ])('have %s in more than a hundred of the first', (_, pattern) => {
    expect(texts.filter((text) => pattern.test(text)).length).toBeGreaterThan(100);
  });
});

const kinds = tokenizerKinds();

it('every kind has its golden', () => {
  expect(Object.keys(golden.kinds).sort()).toEqual(kinds.map(({ name }) => name).sort());
  expect(golden.maxLength).toBe(maxLength);
  for (const hashes of Object.values(golden.kinds)) expect(hashes).toHaveLength(textCount / blockSize);
});

describe.each(kinds)('the tokenizer $name', (kind) => {
  it(`gives the ids of the ${kind.truth} library for the first texts of the campaign`, async () => {
    const { own, exported } = await idsOfKind(kind, texts, join(folder, kind.name.replaceAll(' ', '-')));
    expect(blockHashes(own)).toEqual(golden.kinds[kind.name]?.slice(0, blocks));
    expect(blockHashes(exported)).toEqual(blockHashes(own));
    // Texts at the limit, one below and one above, are among them.
    const lengths = new Set(own.map(({ length }) => length));
    expect([maxLength - 1, maxLength].filter((length) => !lengths.has(length))).toEqual([]);
  }, 60_000);
});
