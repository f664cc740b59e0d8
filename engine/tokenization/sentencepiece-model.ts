import { isUtf8 } from 'node:buffer';
import { InputFault } from '../../errors/fault.js';
import { readFields } from './protobuf.js';

/** What a piece is for; only the first two kinds are looked for in texts. */
export type PieceKind = 'normal' | 'userDefined' | 'unused' | 'unknown' | 'control' | 'byte';

export interface Piece {
  readonly text: string;
  /** Log probability, a float32. */
  readonly score: number;
  readonly kind: PieceKind;
}

/** How the library prepares a text before it looks for pieces. */
export interface Normalization {
  /** Double-array trie of replacements, in the library's own layout; empty for none. */
  readonly charsMap: Buffer;
  readonly addDummyPrefix: boolean;
  readonly removeExtraWhitespaces: boolean;
  readonly escapeWhitespaces: boolean;
  readonly whitespaceAsSuffix: boolean;
}

/** A SentencePiece unigram model; a piece's index is its id. */
export interface SentencePieceModel {
  readonly pieces: readonly Piece[];
  readonly unkId: number;
  readonly byteFallback: boolean;
  readonly normalization: Normalization;
}

export const maxPieces = 1_000_000;

/** In bytes; the library's own limit. */
const maxPieceLength = 8000;

const unigram = 1;

/** Values of `SentencePiece.Type` in sentencepiece_model.proto. */
const kinds: Readonly<Record<number, PieceKind>> = {
  1: 'normal',
  2: 'unknown',
  3: 'control',
  4: 'userDefined',
  5: 'unused',
  6: 'byte',
};

/** Reads an `spm.model`: a protocol buffer of type `ModelProto`. */
export function parseSentencePieceModel(where: string, bytes: Buffer): SentencePieceModel {
  try {
    return checkSentencePieceModel(where, parseModel(where, bytes));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new InputFault(
      {
        where,
        what: 'not a SentencePiece model, or a truncated one',
        remedy: 'Download or copy the checkpoint again.',
      },
      { cause },
    );
  }
}

/**
 * What the library checks when it loads a model (model_interface.cc, unigram_model.cc).
 *
 * @throws InputFault
 */
export function checkSentencePieceModel(where: string, model: SentencePieceModel): SentencePieceModel {
  const { pieces, byteFallback } = model;
  const seen = { text: new Set<string>(), reserved: new Set<string>() };
  for (const { text, score, kind } of pieces) {
    const looked = kind === 'normal' || kind === 'userDefined' || kind === 'unused';
    const taken = looked ? seen.text : seen.reserved;
    if (text === '') throw refuse(where, 'a piece is empty');
    if (text.includes('\0')) throw refuse(where, 'a piece holds a NUL character');
    if (taken.has(text)) throw refuse(where, 'a piece is there twice');
    if (!Number.isFinite(score)) throw refuse(where, 'a score is not a finite number');
    if (Buffer.byteLength(text) >= maxPieceLength)
      throw refuse(where, 'a piece is too long', `under ${maxPieceLength} bytes`);
    taken.add(text);
  }
  if (seen.text.size === 0) throw refuse(where, 'it has no pieces');
  const unknown = pieces.filter(({ kind }) => kind === 'unknown').length;
  if (unknown !== 1) throw refuse(where, 'it must have one unknown piece', 'one', `${unknown}`);
  const bytes = pieces.filter(({ kind }) => kind === 'byte').map(({ text }) => text);
  const valid = new Set(bytes.filter((text) => bytePiece.test(text))).size;
  if (bytes.length > valid) throw refuse(where, 'a piece for a byte has another form', '<0x00> to <0xFF>');
  if (byteFallback && valid < 256)
    throw refuse(where, 'it falls back to bytes without a piece for each', '256', `${valid}`);
  if (!byteFallback && valid > 0)
    throw refuse(where, 'it has pieces for bytes and does not fall back to them');
  return model;
}

const bytePiece = /^<0x[0-9A-F]{2}>$/;

function parseModel(where: string, bytes: Buffer): SentencePieceModel {
  const pieces: Piece[] = [];
  const trainer: Field[] = [];
  const normalizer: Field[] = [];
  for (const { number, bytes: message } of readFields(bytes)) {
    if (message === undefined) continue;
    if (number === 1) pieces.push(parsePiece(where, message));
    // A message that comes again is merged with the first: its fields come later.
    if (number === 2) trainer.push(...readFields(message));
    if (number === 3) normalizer.push(...readFields(message));
    if (pieces.length > maxPieces) throw refuse(where, 'it has too many pieces', `at most ${maxPieces}`);
  }
  const type = lastVarint(trainer, 3) ?? unigram;
  if (type !== unigram) throw refuse(where, 'its model type is not supported', 'unigram', `type ${type}`);
  const flag = (fields: readonly Field[], number: number, otherwise: boolean): boolean =>
    (lastVarint(fields, number) ?? Number(otherwise)) !== 0;
  return {
    pieces,
    unkId: pieces.findIndex(({ kind }) => kind === 'unknown'),
    byteFallback: flag(trainer, 35, false),
    normalization: {
      charsMap: lastBytes(normalizer, 2) ?? Buffer.alloc(0),
      addDummyPrefix: flag(normalizer, 3, true),
      removeExtraWhitespaces: flag(normalizer, 4, true),
      escapeWhitespaces: flag(normalizer, 5, true),
      whitespaceAsSuffix: flag(trainer, 24, false),
    },
  };
}

type Field = ReturnType<typeof readFields> extends Generator<infer Item> ? Item : never;

function parsePiece(where: string, message: Buffer): Piece {
  const fields = [...readFields(message)];
  const text = lastBytes(fields, 1) ?? Buffer.alloc(0);
  if (!isUtf8(text)) throw refuse(where, 'a piece is not UTF-8');
  const kind = kinds[lastVarint(fields, 3) ?? 1];
  if (kind === undefined) throw refuse(where, 'a piece is of an unknown kind');
  return { text: text.toString('utf8'), score: lastFloat(fields, 2) ?? 0, kind };
}

/** The last value of a field counts; one of another wire type is as unknown as another field. */
function lastVarint(fields: readonly Field[], number: number): number | undefined {
  return fields.findLast((field) => field.number === number && field.varint !== undefined)?.varint;
}

function lastBytes(fields: readonly Field[], number: number): Buffer | undefined {
  return fields.findLast((field) => field.number === number && field.bytes !== undefined)?.bytes;
}

function lastFloat(fields: readonly Field[], number: number): number | undefined {
  return fields.findLast((field) => field.number === number && field.float !== undefined)?.float;
}

function refuse(where: string, what: string, expected?: string, found?: string): InputFault {
  return new InputFault({
    where,
    what: `the SentencePiece model is refused: ${what}`,
    ...(expected === undefined ? {} : { expected }),
    ...(found === undefined ? {} : { found }),
    remedy: 'Download or copy the checkpoint again, or provide a tokenizer.json instead.',
  });
}
