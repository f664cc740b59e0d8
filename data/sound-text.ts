import { isUtf8 } from 'node:buffer';

/** What bytes have that are no text: they are binary, or in another encoding. */
export interface Unsound {
  /** Which byte. */
  readonly at: number;
  readonly what: string;
  readonly expected: string;
  readonly remedy: string;
}

/** The first of it in a piece of whole characters, which would otherwise become wrong texts. */
export function unsound(piece: Buffer): Unsound | null {
  const nul = piece.indexOf(0);
  if (nul >= 0) {
    return {
      at: nul,
      what: 'there is a NUL byte',
      expected: 'text',
      remedy: 'Export the table again as CSV UTF-8.',
    };
  }
  if (isUtf8(piece)) return null;
  return {
    at: firstBroken(piece),
    what: 'the file is not UTF-8',
    expected: 'UTF-8',
    remedy: 'Save it as CSV UTF-8.',
  };
}

/** How much of a piece is whole characters, so that one that is cut in two is judged with its rest. */
export function wholeCharacters(piece: Buffer): number {
  // A character has at most three bytes after its first.
  for (let back = 1; back <= Math.min(3, piece.length); back++) {
    const byte = piece[piece.length - back]!;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return needed > back ? piece.length - back : piece.length;
  }
  return piece.length;
}

/** Where the bytes cease to be UTF-8: by halving, at the starts of characters. */
function firstBroken(piece: Buffer): number {
  let sound = 0;
  let broken = piece.length;
  for (;;) {
    const middle = startOfCharacter(piece, (sound + broken) >> 1);
    if (middle <= sound) return sound;
    if (isUtf8(piece.subarray(sound, middle))) sound = middle;
    else broken = middle;
  }
}

/** The start of the character that a byte belongs to. */
function startOfCharacter(piece: Buffer, at: number): number {
  let start = at;
  while (start > 0 && (piece[start]! & 0xc0) === 0x80) start--;
  return start;
}
