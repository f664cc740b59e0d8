import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { withinPatience } from '../../../engine/tokenization/deadline.js';
import { SentencePieceTokenizer } from '../../../engine/tokenization/sentencepiece.js';
import type { Piece, SentencePieceModel } from '../../../engine/tokenization/sentencepiece-model.js';
import { checkSentencePieceModel } from '../../../engine/tokenization/sentencepiece-model.js';
import { loadTokenizer, parseTokenizer } from '../../../engine/tokenization/tokenizer.js';
import type { TokenizerJson } from '../../../engine/tokenization/tokenizer-json.js';
import { wordPieceTokenizer } from '../../../engine/tokenization/wordpiece.js';
import { InputFault } from '../../../errors/fault.js';

const folders = mkdtempSync(join(tmpdir(), 'tokenizer-foreign-'));
afterAll(() => rmSync(folders, { recursive: true, force: true }));

const tokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', 'ab'];
const sound = wordPieceTokenizer(tokens, { lowercase: true, stripAccents: null, handleChineseChars: true });
const [cls, body, sep] = (sound['post_processor'] as { single: object[] }).single;

const replace = (from: string, content: string): object => ({
  type: 'Replace',
  pattern: { String: from },
  content,
});

function nested(depth: number): object {
  let part: object = replace('a', 'aa');
  for (let level = 0; level < depth; level++) part = { type: 'Sequence', normalizers: [part] };
  return part;
}

function withModel(change: object): TokenizerJson {
  return { ...sound, model: { ...sound.model, ...change } };
}

function withTemplate(single: unknown, more: object = {}): TokenizerJson {
  return { ...sound, post_processor: { ...(sound['post_processor'] as object), single, ...more } };
}

const special = { ...sound.added_tokens[0] };

/** A sound table of replacements: a trie in blocks of 256 units, then the texts. */
const table = (() => {
  const { normalizer } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../golden/tokenizers/families/xlm-roberta.json'), 'utf8'),
  ) as { normalizer: { precompiled_charsmap: string } };
  return Buffer.from(normalizer.precompiled_charsmap, 'base64');
})();

/** The table with a change made to its bytes, up to `end`. */
function damaged(change: (bytes: Buffer) => unknown, end = table.length): string {
  const bytes = Buffer.from(table);
  change(bytes);
  return bytes.toString('base64', 0, end);
}

/** The library ends the process at any of these. */
describe('a table of replacements that is damaged is refused', () => {
  const trieBytes = table.readUInt32LE(0);

  it.each<[string, unknown]>([
    ['that is none', undefined],
    ['that is no text', 7],
    ['that is empty', ''],
    ['that is not base64', `${table.toString('base64')}!`],
    ['that is cut short', damaged(() => undefined, 100)],
    ['whose trie is longer than it', damaged((bytes) => bytes.writeUInt32LE(0xfffffc00, 0))],
    ['whose trie leads out of it', damaged((bytes) => bytes.writeUInt32LE(0xfffff400, 4))],
    ['whose trie is not whole', damaged((bytes) => bytes.writeUInt32LE(trieBytes - 4, 0))],
    ['whose texts are not UTF-8', damaged((bytes) => bytes.writeUInt8(0xff, 4 + trieBytes))],
    ['whose texts are gone', damaged(() => undefined, 4 + trieBytes)],
  ])('%s', async (_, precompiled_charsmap) => {
    for (const type of ['Precompiled', undefined]) {
      if (type === undefined && precompiled_charsmap === undefined) continue;
      const part = { type, precompiled_charsmap };
      for (const normalizer of [part, { type: 'Sequence', normalizers: [part] }]) {
        const loading = parseTokenizer(JSON.stringify({ ...sound, normalizer }));
        await expect(loading).rejects.toThrow(InputFault);
        await expect(loading).rejects.toThrow(
          /normalizer: the normaliser's table of replacements .* is damaged/,
        );
      }
    }
  });

  it('and a sound one is read', async () => {
    const normalizer = { type: 'Precompiled', precompiled_charsmap: table.toString('base64') };
    const tokenizer = await parseTokenizer(JSON.stringify({ ...sound, normalizer }));
    const [ids] = await tokenizer.encode(['ａ ａb'], 8);
    expect([...(ids ?? [])]).toEqual([2, 5, 7, 3]);
  });
});

describe('a tokenizer.json that means harm', () => {
  it.each<[string, object, RegExp]>([
    [
      'makes a text longer again and again',
      { ...sound, normalizer: { type: 'Sequence', normalizers: Array(40).fill(replace('a', 'aa')) } },
      /normalizer: .*too long/,
    ],
    ['makes it longer at once', { ...sound, normalizer: replace('a', 'a'.repeat(3000)) }, /too long/],
    ['is nested deeply', { ...sound, normalizer: nested(40) }, /nested too deeply/],
    [
      'has parts without number',
      { ...sound, normalizer: { type: 'Sequence', normalizers: Array(500).fill({ type: 'NFC' }) } },
      /too many parts/,
    ],
    [
      'has a long expression',
      {
        ...sound,
        pre_tokenizer: {
          type: 'Split',
          pattern: { Regex: '(a|b)'.repeat(2000) },
          behavior: 'Isolated',
          invert: false,
        },
      },
      /too long/,
    ],
    ['has a vocabulary that is a number', withModel({ vocab: 5 }), /no vocabulary/],
    ['has an empty vocabulary', withModel({ vocab: {} }), /empty/],
    ['has an id that is a text', withModel({ vocab: { a: '1' } }), /malformed/],
    ['has an id below 0', withModel({ vocab: { ...(sound.model.vocab as object), a: -1 } }), /malformed/],
    [
      'has an id that is no whole number',
      withModel({ vocab: { ...(sound.model.vocab as object), a: 0.5 } }),
      /malformed/,
    ],
    [
      'has an id beyond any embedding',
      withModel({ vocab: { ...(sound.model.vocab as object), a: 1e12 } }),
      /malformed/,
    ],
    ['has an id twice', withModel({ vocab: { ...(sound.model.vocab as object), a: 6 } }), /same id/],
    ['has a piece without a score', withModel({ type: 'Unigram', vocab: [['a', null]] }), /malformed/],
    ['has a model that is null', { ...sound, model: null }, /no vocabulary/],
    ['has an added token that is null', { ...sound, added_tokens: [null] }, /no id/],
    [
      'has an added token without a text',
      { ...sound, added_tokens: [{ ...special, content: 5 }] },
      /malformed/,
    ],
    [
      'has an added token with a flag that is none',
      { ...sound, added_tokens: [{ ...special, lstrip: 'yes' }] },
      /malformed/,
    ],
    [
      'has an added token of nothing once normalised',
      {
        ...sound,
        added_tokens: [
          ...sound.added_tokens,
          { ...special, id: 8, content: '\0', special: false, normalized: true },
        ],
      },
      /once it is normalised/,
    ],
    [
      'frames by a token that it does not define',
      withTemplate([cls, body, sep], { special_tokens: {} }),
      /does not define/,
    ],
    [
      'frames so without saying what frames it',
      {
        ...sound,
        post_processor: { single: [cls, body, sep], pair: [cls, body, sep], special_tokens: {} },
      },
      /does not define/,
    ],
    ['frames a text twice', withTemplate([cls, body, sep, cls, body, sep]), /does not frame/],
    [
      'frames by an id that it does not have',
      withTemplate([cls, body, sep], {
        special_tokens: {
          '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
          '[SEP]': { id: '[SEP]', ids: [4711], tokens: ['[SEP]'] },
        },
      }),
      /vocabulary does not have/,
    ],
    ['gives the text twice', withTemplate([cls, body, sep, body]), /does not cut/],
    ['has a decoder that is none', { ...sound, decoder: { type: 'X' } }, /cannot read/],
    ['has padding that lacks its strategy', { ...sound, padding: {} }, /cannot read/],
    [
      'has an added token that lacks a flag',
      { ...sound, added_tokens: [{ ...special, lstrip: undefined }] },
      /malformed/,
    ],
    ['lacks the list of added tokens', { ...sound, added_tokens: undefined }, /malformed/],
    ['has truncation that is a number', { ...sound, truncation: 3 }, /cannot read/],
  ])('in that it %s is one clear message', async (_, json, message) => {
    const run = async (): Promise<unknown> => {
      const tokenizer = await parseTokenizer(JSON.stringify(json), 'evil/tokenizer.json');
      return tokenizer.encode(['a b ab '.repeat(50)], 8);
    };
    const fault = await run().catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(InputFault);
    expect((fault as InputFault).message).toMatch(message);
    expect((fault as InputFault).message).toContain('evil/tokenizer.json');
  });

  it('has its limit of time, and is named', async () => {
    await expect(
      withinPatience('evil/tokenizer.json', 10, new Promise(() => undefined), { ms: 5, msPerCharacter: 1 }),
    ).rejects.toThrow(/evil\/tokenizer\.json: the tokenizer did not finish 10 characters/);
  });

  it('may hold a token of any name', async () => {
    const odd = { ...(sound.model.vocab as object), constructor: 8, ['__proto__']: 9 };
    const json = JSON.stringify(withModel({ vocab: odd })).replace(
      '"constructor":8',
      '"__proto__":9,"constructor":8',
    );
    const [ids] = await (await parseTokenizer(json)).encode(['constructor ab'], 8);
    expect([...(ids ?? [])]).toEqual([2, 8, 7, 3]);
  });
});

const cases = join(import.meta.dirname, '../../../../shared/cases/security');
const kept = existsSync(cases) ? readdirSync(cases).filter((name) => name.startsWith('tokenizer-')) : [];

describe.skipIf(kept.length === 0)('the kept tokenizers (skipped where ../shared is absent)', () => {
  it.each(kept)('%s is refused', async (name) => {
    const run = loadTokenizer(join(cases, name)).then((one) => one.encode(['hello there '.repeat(20)], 8));
    await expect(run).rejects.toThrow(InputFault);
  });
});

describe('a vocab.txt', () => {
  it.each<[string, string | Buffer, RegExp]>([
    ['that is empty', '', /no lines/],
    ['that is not UTF-8', Buffer.from([0x5b, 0xff, 0xfe, 0x0a]), /not UTF-8/],
    ['of a million lines and one', 'a\n'.repeat(1_000_001), /too many/],
  ])('%s is one clear message', async (_, content, message) => {
    const folder = mkdtempSync(join(folders, 'vocab-'));
    writeFileSync(join(folder, 'vocab.txt'), content);
    await expect(loadTokenizer(folder)).rejects.toThrow(message);
  });
});

const normalization = {
  charsMap: Buffer.alloc(0),
  addDummyPrefix: true,
  removeExtraWhitespaces: true,
  escapeWhitespaces: true,
  whitespaceAsSuffix: false,
};

const frame: readonly Piece[] = [
  { text: '[PAD]', score: 0, kind: 'control' },
  { text: '[CLS]', score: 0, kind: 'control' },
  { text: '[SEP]', score: 0, kind: 'control' },
  { text: '[UNK]', score: 0, kind: 'unknown' },
  { text: '▁', score: -1, kind: 'normal' },
];

function modelOf(pieces: readonly Piece[], byteFallback = false): SentencePieceModel {
  return { pieces: [...frame, ...pieces], unkId: 3, byteFallback, normalization };
}

const bytes = Array.from({ length: 256 }, (_, byte): Piece => ({
  text: `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  score: 0,
  kind: 'byte',
}));

describe('a SentencePiece model that means harm', () => {
  it.each<[string, SentencePieceModel, RegExp]>([
    ['falls back to bytes without pieces for them', modelOf([], true), /without a piece for each/],
    ['lacks the piece of one byte', modelOf(bytes.slice(1), true), /without a piece for each/],
    ['has pieces for bytes and does not fall back', modelOf(bytes), /does not fall back/],
    [
      'has another form of byte',
      modelOf([...bytes, { text: '<0xgg>', score: 0, kind: 'byte' }], true),
      /another form/,
    ],
    ['has a piece twice', modelOf([{ text: '▁', score: 0, kind: 'unused' }]), /twice/],
    ['has an empty piece', modelOf([{ text: '', score: 0, kind: 'normal' }]), /empty/],
    ['has a piece with a NUL', modelOf([{ text: 'a\0b', score: 0, kind: 'normal' }]), /NUL/],
    ['has a score that is no number', modelOf([{ text: 'a', score: NaN, kind: 'normal' }]), /score/],
    ['has two unknown pieces', modelOf([{ text: 'a', score: 0, kind: 'unknown' }]), /one unknown piece/],
    [
      'has a piece of 9,000 letters',
      modelOf([{ text: 'a'.repeat(9000), score: 0, kind: 'normal' }]),
      /too long/,
    ],
  ])('in that it %s is refused', (_, model, message) => {
    expect(() => checkSentencePieceModel('spm.model', model)).toThrow(message);
  });

  it('is walked once for a text, however many symbols it has', async () => {
    // Looking at one symbol after another takes a tenth of a second a letter.
    const symbols = Array.from({ length: 200_000 }, (_, number): Piece => ({
      text: number.toString(36).padStart(4, '0'),
      score: 0,
      kind: 'userDefined',
    }));
    const added = frame.slice(0, 4).map(({ text }, id) => ({
      id,
      content: text,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    }));
    const tokenizer = new SentencePieceTokenizer('spm.model', {
      model: modelOf(symbols),
      lowercase: false,
      special: { pad: '[PAD]', cls: '[CLS]', sep: '[SEP]', unk: '[UNK]', mask: null },
      added,
      truncationSide: 'right',
    });
    const started = performance.now();
    const [ids] = await tokenizer.encode(['10b1'.repeat(2500)], 10_000);
    // 10,000 letters: one symbol after another would be a quarter of an hour.
    expect(performance.now() - started).toBeLessThan(30_000);
    expect(ids).toHaveLength(2503);
  }, 180_000);

  it('is refused where its pieces have more beginnings than there is memory for', () => {
    const pieces = Array.from({ length: 900 }, (_, number): Piece => ({
      text: `${number}${'x'.repeat(5000)}`,
      score: 0,
      kind: 'userDefined',
    }));
    const framed = {
      model: modelOf(pieces),
      lowercase: false,
      special: { pad: '[PAD]', cls: '[CLS]', sep: '[SEP]', unk: '[UNK]', mask: null },
      added: [],
      truncationSide: 'right',
    } as const;
    expect(() => new SentencePieceTokenizer('spm.model', framed)).toThrow(/too large/);
  });
});
