import { InputFault } from '../../errors/fault.js';
import { readFields } from './protobuf.js';

/** What a piece is for; only the first three kinds are looked for in texts. */
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
    return parseModel(where, bytes);
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

function parseModel(where: string, bytes: Buffer): SentencePieceModel {
  const pieces: Piece[] = [];
  let trainer: Settings = new Map();
  let normalizer: Settings = new Map();
  for (const { number, bytes: message } of readFields(bytes)) {
    if (message === undefined) continue;
    if (number === 1) pieces.push(parsePiece(message));
    if (number === 2) trainer = readSettings(message);
    if (number === 3) normalizer = readSettings(message);
    if (pieces.length > maxPieces) throw refuse(where, 'it has too many pieces', `at most ${maxPieces}`);
  }
  const type = number(trainer, 3, unigram);
  if (type !== unigram) throw refuse(where, 'its model type is not supported', 'unigram', `type ${type}`);
  const unkId = pieces.findIndex(({ kind }) => kind === 'unknown');
  if (unkId < 0) throw refuse(where, 'it has no unknown piece', 'one');
  return {
    pieces,
    unkId,
    byteFallback: flag(trainer, 35, false),
    normalization: {
      charsMap: normalizer.get(2)?.bytes ?? Buffer.alloc(0),
      addDummyPrefix: flag(normalizer, 3, true),
      removeExtraWhitespaces: flag(normalizer, 4, true),
      escapeWhitespaces: flag(normalizer, 5, true),
      whitespaceAsSuffix: flag(trainer, 24, false),
    },
  };
}

function parsePiece(message: Buffer): Piece {
  const fields = readSettings(message);
  const kind = kinds[number(fields, 3, 1)];
  if (kind === undefined) throw new RangeError('a piece of an unknown type');
  return { text: fields.get(1)?.bytes?.toString('utf8') ?? '', score: number(fields, 2, 0), kind };
}

/** The last value of each field, as protocol buffers merge scalars. */
type Settings = Map<number, { readonly bytes?: Buffer; readonly value?: number }>;

function readSettings(message: Buffer): Settings {
  return new Map([...readFields(message)].map((field) => [field.number, field]));
}

function number(settings: Settings, field: number, otherwise: number): number {
  return settings.get(field)?.value ?? otherwise;
}

function flag(settings: Settings, field: number, otherwise: boolean): boolean {
  return number(settings, field, Number(otherwise)) !== 0;
}

function refuse(where: string, what: string, expected: string, found?: string): InputFault {
  return new InputFault({
    where,
    what: `the SentencePiece model is refused: ${what}`,
    expected,
    ...(found === undefined ? {} : { found }),
    remedy: 'Provide a tokenizer.json instead.',
  });
}
