import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkVocabulary, loadTokenizer, parseTokenizer } from '../../../engine/tokenization/tokenizer.js';
import { wordPieceTokenizer } from '../../../engine/tokenization/wordpiece.js';
import { InputFault } from '../../../errors/fault.js';

const root = join(import.meta.dirname, '../../..');
const miniLm = join(root, '../shared/models/all-MiniLM-L6-v2');

const tokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'hello', 'world', '##s', '!', 'Hello', 'e'];
const use = { maxLength: 128, inputNames: ['input_ids', 'token_type_ids', 'attention_mask'] };
const uncased = { lowercase: true, stripAccents: null, handleChineseChars: true };
const small = wordPieceTokenizer(tokens, uncased);

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'tokenizer-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

async function idsOf(files: Readonly<Record<string, string>>, text: string): Promise<number[]> {
  const [ids] = await (await loadTokenizer(folderOf(files))).encode([text], 16);
  return [...(ids ?? [])];
}

describe('a tokenizer.json', () => {
  it('is run without the padding and truncation that it carries', async () => {
    const carrying = {
      ...small,
      truncation: { direction: 'Right', max_length: 3, strategy: 'LongestFirst', stride: 0 },
      padding: {
        strategy: { Fixed: 9 },
        direction: 'Right',
        pad_to_multiple_of: null,
        pad_id: 0,
        pad_type_id: 0,
        pad_token: '[PAD]',
      },
    };
    expect(await idsOf({ 'tokenizer.json': JSON.stringify(carrying) }, 'hello worlds !')).toEqual([
      2, 5, 6, 7, 8, 3,
    ]);
  });

  it('is cut to the length asked for, also by two requests at once', async () => {
    const tokenizer = await parseTokenizer(JSON.stringify(small));
    const text = ['hello hello hello hello'];
    const both = await Promise.all([tokenizer.encode(text, 3), tokenizer.encode(text, 5)]);
    expect(both.map(([ids]) => [...(ids ?? [])])).toEqual([
      [2, 5, 3],
      [2, 5, 5, 5, 3],
    ]);
  });

  it('gives an empty text its two special tokens and no texts nothing', async () => {
    const tokenizer = await parseTokenizer(JSON.stringify(small));
    expect(await tokenizer.encode([''], 8)).toEqual([Int32Array.of(2, 3)]);
    expect(await tokenizer.encode([], 8)).toEqual([]);
  });

  it('takes any number of texts, and keeps their order', async () => {
    const tokenizer = await parseTokenizer(JSON.stringify(small));
    const ids = await tokenizer.encode(
      Array.from({ length: 2500 }, (_, i) => (i % 3 === 0 ? 'hello' : 'world')),
      8,
    );
    expect(ids.map((text) => text[1])).toEqual(Array.from({ length: 2500 }, (_, i) => (i % 3 === 0 ? 5 : 6)));
  });

  it('is exported so that it loads again, as a class of its own for transformers', async () => {
    const files = (await parseTokenizer(JSON.stringify(small))).files(use);
    expect(Object.keys(files).sort()).toEqual([
      'special_tokens_map.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    expect(JSON.parse(files['tokenizer_config.json'] ?? '')).toMatchObject({
      tokenizer_class: 'PreTrainedTokenizerFast',
      cls_token: '[CLS]',
    });
    expect(await idsOf(files, 'Hello world')).toEqual([2, 5, 6, 3]);
  });

  it.each([
    ['is not JSON', '{', /not valid JSON/],
    ['has no vocabulary', '{"model": {}}', /no vocabulary/],
    [
      'has a model that the library does not know',
      '{"model": {"type": "X", "vocab": {"[PAD]": 0, "[CLS]": 1, "[SEP]": 2, "[UNK]": 3}}}',
      /type of its model/,
    ],
    ['lacks a special token', JSON.stringify(wordPieceTokenizer(tokens.slice(1), uncased)), /\[PAD\]/],
    ['does not frame its texts', JSON.stringify({ ...small, post_processor: null }), /does not frame/],
  ])('that %s is an input fault', async (_, json, message) => {
    const failure = await loadTokenizer(folderOf({ 'tokenizer.json': json })).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(InputFault);
    expect((failure as InputFault).message).toMatch(message);
  });

  it('leaves no room for a text below three tokens, and says so', async () => {
    const tokenizer = await parseTokenizer(JSON.stringify(small));
    await expect(tokenizer.encode(['hello'], 2)).rejects.toThrow(/model.maxLength/);
  });
});

describe('a folder with vocab.txt alone', () => {
  const vocab = `${tokens.join('\n')}\n`;
  it.each([
    ['lowers the case by default', {}, 'Hello É', [2, 5, 10, 3]],
    ['keeps it where do_lower_case is false', { do_lower_case: false }, 'Hello É', [2, 9, 1, 3]],
    ['keeps accents where strip_accents is false', { strip_accents: false }, 'hello é', [2, 5, 1, 3]],
  ])('%s', async (_, config, text, ids) => {
    expect(
      await idsOf({ 'vocab.txt': vocab, 'tokenizer_config.json': JSON.stringify(config) }, text),
    ).toEqual(ids);
  });
});

describe('a vocabulary', () => {
  it('may be smaller than the embedding', () => {
    expect(() => checkVocabulary({ vocabularySize: 10 }, 10)).not.toThrow();
    expect(() => checkVocabulary({ vocabularySize: 10 }, 128)).not.toThrow();
  });

  it('larger than the embedding is an input fault that names both sizes', () => {
    expect(() => checkVocabulary({ vocabularySize: 11 }, 10)).toThrow(/found 10; expected at least 11 rows/);
  });

  it('is missing from a folder without a tokenizer', async () => {
    await expect(loadTokenizer(folderOf({ 'config.json': '{}' }))).rejects.toThrow(/has no tokenizer/);
  });
});

describe.skipIf(!existsSync(miniLm))('MiniLM (skipped where ../shared is absent)', () => {
  it("gives transformers' ids", async () => {
    const golden = JSON.parse(readFileSync(join(root, 'test/golden/tokenizers/minilm.json'), 'utf8')) as {
      maxLength: number;
      cases: { text: string; ids: number[] }[];
    };
    const tokenizer = await loadTokenizer(miniLm);
    const ids = await tokenizer.encode(
      golden.cases.map(({ text }) => text),
      golden.maxLength,
    );
    expect(golden.cases.map(({ text }, i) => ({ text, ids: [...(ids[i] ?? [])] }))).toEqual(golden.cases);
    expect(tokenizer.vocabularySize).toBe(30522);
  });
});

describe('what only stands in for a file of the tokenizer is told as that', () => {
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 466062\n`;
  const vocabulary = tokens.join('\n');

  it.each([
    ['vocab.txt', pointer, /this is a pointer of Git LFS/],
    ['tokenizer.json', pointer, /this is a pointer of Git LFS/],
    ['spm.model', pointer, /this is a pointer of Git LFS/],
    ['tokenizer_config.json', pointer, /this is a pointer of Git LFS/],
    ['vocab.txt', '<!doctype html>\n<html>', /this is a page of the web/],
    ['added_tokens.json', '<html lang="en">', /this is a page of the web/],
  ])('%s', async (file, content, message) => {
    const beside = file === 'spm.model' || file === 'tokenizer.json' ? {} : { 'vocab.txt': vocabulary };
    const folder = folderOf({ ...beside, [file]: content });
    const failure: unknown = await loadTokenizer(folder).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InputFault);
    expect((failure as InputFault).message).toMatch(message);
    expect((failure as InputFault).details.where).toBe(join(folder, file));
  });
});
