import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SentencePieceTokenizer } from '../../../engine/tokenization/sentencepiece.js';
import { loadTokenizer, parseTokenizer } from '../../../engine/tokenization/tokenizer.js';
import { InputFault } from '../../../errors/fault.js';

const goldens = join(import.meta.dirname, '../../golden/tokenizers');

const use = { maxLength: 128, inputNames: ['input_ids', 'attention_mask'] };

interface Golden {
  readonly pieces: number;
  readonly cases: readonly { readonly text: string; readonly ids: readonly number[] }[];
}

const models = ['nmt_nfkc', 'nmt_nfkc_cf', 'identity', 'bytes_symbols', 'suffix', 'no_prefix'];

function golden(model: string): Golden {
  return JSON.parse(readFileSync(join(goldens, model, 'ids.json'), 'utf8')) as Golden;
}

async function load(model: string): Promise<SentencePieceTokenizer> {
  const tokenizer = await loadTokenizer(join(goldens, model));
  if (!(tokenizer instanceof SentencePieceTokenizer)) throw new Error('not a SentencePiece tokenizer');
  return tokenizer;
}

function folderOf(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'tokenizer-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

describe.each(models)('the tokenizer of an spm.model with the settings %s', (model) => {
  it('gives the ids of the sentencepiece library for every awkward text', async () => {
    const tokenizer = await load(model);
    const { cases } = golden(model);
    const wrong = cases
      .map(({ text, ids }) => ({ text: JSON.stringify(text), ids, ours: tokenizer.pieces(text) }))
      .filter(({ ids, ours }) => ids.join() !== ours.join());
    expect(cases.length).toBeGreaterThan(200);
    expect(wrong).toEqual([]);
  });

  it('gives the same ids again when it is loaded from the files that it exports', async () => {
    const tokenizer = await load(model);
    const texts = golden(model).cases.map(({ text }) => text);
    const again = await loadTokenizer(folderOf(tokenizer.files(use)));
    expect(await again.encode(texts, 4096)).toEqual(await tokenizer.encode(texts, 4096));
    expect(again.vocabularySize).toBe(tokenizer.vocabularySize);
  });
});

describe.each(['nmt_nfkc', 'nmt_nfkc_cf', 'identity'])(
  'the export of an spm.model with the settings %s',
  (model) => {
    it('agrees on all but rare texts where the tokenizers library runs it, grapheme by grapheme', async () => {
      const tokenizer = await load(model);
      const { cases } = golden(model);
      const library = await parseTokenizer(tokenizer.files(use)['tokenizer.json'] ?? '');
      const texts = cases.map(({ text }) => text).filter((text) => !/\[[A-Z]+\]/.test(text));
      const [ours, theirs] = await Promise.all([tokenizer.encode(texts, 4096), library.encode(texts, 4096)]);
      const differ = texts.filter((_, i) => ours[i]?.join() !== theirs[i]?.join());
      expect(differ.length / texts.length, JSON.stringify(differ)).toBeLessThan(0.04);
    });
  },
);

describe('the frame of an spm.model', () => {
  it('is [CLS] … [SEP], with [MASK] after the pieces, as in DeBERTa-v3', async () => {
    const tokenizer = await load('nmt_nfkc');
    const { pieces } = golden('nmt_nfkc');
    expect([tokenizer.padId, tokenizer.clsId, tokenizer.sepId, tokenizer.unkId]).toEqual([0, 1, 2, 3]);
    expect(tokenizer.vocabularySize).toBe(pieces + 1);
    expect(await tokenizer.encode(['', '   '], 8)).toEqual([Int32Array.of(1, 2), Int32Array.of(1, 2)]);
  });

  it('keeps the first tokens of a text that is too long', async () => {
    const tokenizer = await load('nmt_nfkc');
    const text = 'I was afraid of the storm again today.';
    const [cut] = await tokenizer.encode([text], 6);
    expect(cut).toEqual(Int32Array.of(1, ...tokenizer.pieces(text).slice(0, 4), 2));
  });

  it('gives [MASK] the id after the pieces, whatever id added_tokens.json has', async () => {
    const spm = readFileSync(join(goldens, 'nmt_nfkc/spm.model'));
    const folder = folderOf({ 'spm.model': spm, 'added_tokens.json': '{"[MASK]": 999}' });
    expect((await loadTokenizer(folder)).vocabularySize).toBe(golden('nmt_nfkc').pieces + 1);
  });

  it('lowers the case first where tokenizer_config.json says so', async () => {
    const spm = readFileSync(join(goldens, 'identity/spm.model'));
    const tokenizer = await loadTokenizer(
      folderOf({ 'spm.model': spm, 'tokenizer_config.json': '{"do_lower_case": true}' }),
    );
    const [upper, lower] = await tokenizer.encode(['THE STORM', 'the storm'], 64);
    expect(upper).toEqual(lower);
  });

  it.each([
    ['split_by_punct', { 'tokenizer_config.json': '{"split_by_punct": true}' }, /split_by_punct/],
    [
      'tokens of normalised texts where spaces are not written as usual',
      { 'added_tokens.json': '{"<new>": 5000}' },
      /normalized: true/,
    ],
  ])('refuses %s', async (_, files, message) => {
    const spm = readFileSync(join(goldens, 'identity/spm.model'));
    await expect(loadTokenizer(folderOf({ 'spm.model': spm, ...files }))).rejects.toThrow(message);
  });
});

function varint(value: number): Buffer {
  const bytes = [];
  for (let rest = value; ; rest >>>= 7) {
    bytes.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
    if (rest <= 0x7f) return Buffer.from(bytes);
  }
}

describe('a broken spm.model', () => {
  const whole = readFileSync(join(goldens, 'identity/spm.model'));
  it.each([
    ['is empty', Buffer.alloc(0)],
    ['is truncated', whole.subarray(0, 500)],
    ['is text', Buffer.from('not a model at all')],
    ['has a length beyond its end', Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f])],
    ['is of another type than unigram', Buffer.concat([whole, Buffer.from([0x12, 0x02, 0x18, 0x02])])],
    ['has a normaliser cut off', Buffer.concat([whole, Buffer.from([0x1a, 0x04, 0x12, 0x02, 1, 1])])],
  ])('that %s is an input fault', async (_, bytes) => {
    await expect(loadTokenizer(folderOf({ 'spm.model': bytes }))).rejects.toThrow(InputFault);
  });

  it('with the normaliser pointing outside of itself is an input fault', async () => {
    const charsMap = Buffer.alloc(4 + 1024 + 2, 0xff);
    charsMap.writeUInt32LE(1024);
    charsMap[charsMap.length - 1] = 0;
    const field = Buffer.concat([varint(0x12), varint(charsMap.length), charsMap]);
    const bytes = Buffer.concat([whole, varint(0x1a), varint(field.length), field]);
    await expect(loadTokenizer(folderOf({ 'spm.model': bytes }))).rejects.toThrow(/normaliser/);
  });
});
