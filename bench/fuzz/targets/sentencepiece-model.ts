import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SentencePieceTokenizer } from '../../../engine/tokenization/sentencepiece.js';
import { loadTokenizer } from '../../../engine/tokenization/tokenizer.js';
import type { Dice } from '../../dice.js';
import { integer, mutateBytes, mutateText, oddText } from '../mutations.js';
import type { FuzzTarget } from '../target.js';
import { texts, tokenize } from './tokenizer-texts.js';

const kinds = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

interface Piece {
  readonly text: string;
  readonly score: number;
  readonly kind: number;
}

const letters = [..."the quick brown fox jumps over lazy dog ,?!'▁é1245"].filter((letter) => letter !== ' ');

function soundPieces(dice: Dice): Piece[] {
  const byteFallback = dice.between(0, 1) < 0.2;
  const special: Piece[] = [
    ...['[PAD]', '[CLS]', '[SEP]'].map((text) => ({ text, score: 0, kind: kinds.control })),
    { text: '[UNK]', score: 0, kind: kinds.unknown },
  ];
  const bytes = Array.from({ length: byteFallback ? 256 : 0 }, (_, byte) => ({
    text: `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
    score: 0,
    kind: kinds.byte,
  }));
  const words = [
    '▁',
    '▁the',
    'th',
    'he',
    'er',
    '▁so',
    'ju',
    'mps',
    '▁lazy',
    'az',
    'own',
    'fi',
    'o▁',
    '▁▁',
    '日',
  ];
  const normal = [...new Set([...words, ...letters])].map((text) => ({
    text,
    // Few different scores, so that paths tie.
    score: dice.one([-1, -2, -2.5, -3.25, -7.125, Math.fround(-4.1), Math.fround(-2.2)]) ?? -1,
    kind: kinds.normal,
  }));
  return [...special, ...bytes, ...normal];
}

function mutatePieces(dice: Dice, pieces: readonly Piece[]): Piece[] {
  const changed = [...pieces];
  const at = integer(dice, 4, changed.length);
  const piece = changed[at]!;
  switch (dice.one(['kind', 'symbol', 'score', 'text', 'repeat', 'remove', 'move'] as const)) {
    case 'kind':
      changed[at] = { ...piece, kind: dice.one([1, 2, 3, 4, 5, 6, 0, 9, 300]) ?? 1 };
      break;
    case 'symbol':
      changed.push({
        text: dice.one(['he', 'qu', ' ', ':)', 'ﬁ', 'over the', '▁the▁', 'jum', 't']) ?? '',
        score: dice.one([0, -1, 5]) ?? 0,
        kind: kinds.userDefined,
      });
      break;
    case 'score':
      changed[at] = { ...piece, score: dice.one([0, 3, -1e30, 1e30, NaN, Infinity, -60_000, 70_000]) ?? 0 };
      break;
    case 'text':
      changed[at] = { ...piece, text: dice.one([oddText(dice), mutateText(dice, piece.text)]) ?? '' };
      break;
    case 'repeat':
      changed.splice(at, 0, piece);
      break;
    case 'remove':
      changed.splice(integer(dice, 0, changed.length), 1);
      break;
    default:
      changed.reverse();
  }
  return changed;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    bytes.push(rest > 127 ? (rest % 128) + 128 : rest);
    if (rest <= 127) return Buffer.from(bytes);
  }
}

const number = (field: number, value: number): Buffer => Buffer.concat([varint(field * 8), varint(value)]);

const bytesOf = (field: number, content: Uint8Array): Buffer =>
  Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);

function float(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([varint(field * 8 + 5), bytes]);
}

function pieceMessage({ text, score, kind }: Piece): Buffer {
  return bytesOf(1, Buffer.concat([bytesOf(1, Buffer.from(text)), float(2, score), number(3, kind)]));
}

/** A table of replacements as a double array: each node of the trie has a block of 256 units of its own. */
export function charsMap(replacements: readonly (readonly [string, string])[]): Buffer {
  const nodes = [new Map<number, number>()];
  const values = new Map<number, number>();
  let normalized = Buffer.alloc(0);
  for (const [from, to] of replacements) {
    let node = 0;
    for (const label of Buffer.from(from)) {
      const next = nodes[node]!.get(label) ?? nodes.push(new Map<number, number>()) - 1;
      nodes[node]!.set(label, next);
      node = next;
    }
    values.set(node, normalized.length);
    normalized = Buffer.concat([normalized, Buffer.from(`${to}\0`)]);
  }
  const units = new Uint32Array(256 * (nodes.length + 1));
  const block = (node: number): number => 256 * (node + 1);
  units[0] = block(0) << 10;
  nodes.forEach((children, node) => {
    for (const [label, child] of children) {
      const at = block(node) ^ label;
      units[at] = (((at ^ block(child)) << 10) | label | (values.has(child) ? 256 : 0)) >>> 0;
    }
    const value = values.get(node);
    if (value !== undefined) units[block(node)] = (value | 0x80000000) >>> 0;
  });
  const size = Buffer.alloc(4);
  size.writeUInt32LE(units.byteLength);
  return Buffer.concat([size, Buffer.from(units.buffer), normalized]);
}

export const table: readonly (readonly [string, string])[] = [
  ['\u00a0', ' '],
  ['\t', ' '],
  ['ﬁ', 'fi'],
  ['e\u0301', 'é'],
  ['日', ''],
  ['?!', ' ? '],
];

function trainer(dice: Dice, byteFallback: boolean): Buffer {
  const flags = [number(35, Number(byteFallback)), number(24, Number(dice.between(0, 1) < 0.15))];
  if (dice.between(0, 1) < 0.05) flags.push(number(3, dice.one([1, 2, 3, 7]) ?? 1));
  return bytesOf(2, Buffer.concat(flags));
}

function normalizer(dice: Dice): Buffer {
  const fields = [3, 4, 5]
    .filter(() => dice.between(0, 1) < 0.3)
    .map((field) => number(field, dice.one([0, 1]) ?? 1));
  if (dice.between(0, 1) < 0.5) {
    const map = charsMap(table);
    fields.push(bytesOf(2, dice.between(0, 1) < 0.7 ? map : mutateBytes(dice, map)));
  }
  return bytesOf(3, Buffer.concat(fields));
}

/** An `spm.model`; its ids of the texts are kept, so that the sentencepiece library can be asked for the same. */
export const sentencePieceModel: FuzzTarget = {
  name: 'sentencepiece-model',
  reads: 'spm.model',
  extension: '.model',
  make(dice) {
    let pieces = soundPieces(dice);
    for (let left = dice.one([0, 0, 1, 1, 2, 5]) ?? 0; left > 0; left--) pieces = mutatePieces(dice, pieces);
    const fallback = pieces.some(({ kind }) => kind === kinds.byte) !== dice.between(0, 1) < 0.03;
    const messages = [...pieces.map(pieceMessage), trainer(dice, fallback), normalizer(dice)];
    // Messages that come again are merged.
    if (dice.between(0, 1) < 0.2) messages.push(normalizer(dice));
    if (dice.between(0, 1) < 0.1) messages.push(bytesOf(2, number(24, 1)));
    const whole = Buffer.concat(messages);
    return dice.between(0, 1) < 0.7 ? whole : mutateBytes(dice, whole);
  },
  async run(input, scratch) {
    const folder = join(scratch, 'model');
    mkdirSync(folder);
    writeFileSync(join(folder, 'spm.model'), input);
    const tokenizer = await loadTokenizer(folder);
    if (!(tokenizer instanceof SentencePieceTokenizer)) throw new Error('not a SentencePiece tokenizer');
    await tokenizer.encode(texts, 16);
    return texts.map((text) => ({ text, ids: tokenizer.pieces(text) }));
  },
};

/** The same models as fairseq's families read them, whose ids are shifted. */
export const fairseqModel: FuzzTarget = {
  name: 'fairseq-model',
  reads: 'sentencepiece.bpe.model and spiece.model',
  extension: '.model',
  make: (dice) => sentencePieceModel.make(dice),
  run(input, scratch) {
    // By the input alone, so that it is read alike again.
    const family = (['xlm-roberta', 'camembert', 'albert'] as const)[input.length % 3]!;
    return tokenize(scratch, {
      'config.json': JSON.stringify({ model_type: family }),
      [family === 'albert' ? 'spiece.model' : 'sentencepiece.bpe.model']: input,
    });
  },
};
