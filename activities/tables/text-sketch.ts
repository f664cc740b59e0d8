import type { TextSink } from '../../data/text-rows.js';

/** What texts are like, in counts that add up over chunks; never a text. */
export interface TextSketch {
  readonly rows: number;
  /** Texts of white space alone. */
  readonly empty: number;
  /** Texts of which most letters are of another script than Latin. */
  readonly otherScript: number;
  /** Of each length in characters how many texts have it. */
  readonly lengths: readonly (readonly [length: number, texts: number])[];
}

/** Told texts one by one. */
export class TextSketcher implements TextSink {
  private rows = 0;
  private empty = 0;
  private otherScript = 0;
  private readonly lengths = new Map<number, number>();

  append(text: string): void {
    const { characters, latin, others } = countsOf(text);
    this.rows++;
    if (text.trim() === '') this.empty++;
    if (others > latin) this.otherScript++;
    this.lengths.set(characters, (this.lengths.get(characters) ?? 0) + 1);
  }

  sketch(): TextSketch {
    const { rows, empty, otherScript } = this;
    return { rows, empty, otherScript, lengths: [...this.lengths].sort(([a], [b]) => a - b) };
  }
}

const letter = /\p{L}/u;
const latinLetter = /\p{Script=Latin}/u;

function countsOf(text: string): { characters: number; latin: number; others: number } {
  let [characters, latin, others] = [0, 0, 0];
  for (let at = 0; at < text.length; at++) {
    characters++;
    const unit = text.charCodeAt(at);
    if (unit < 0x80) {
      const lower = unit | 0x20;
      if (lower >= 0x61 && lower <= 0x7a) latin++;
      continue;
    }
    const point = text.codePointAt(at)!;
    if (point > 0xffff) at++;
    const character = String.fromCodePoint(point);
    if (latinLetter.test(character)) latin++;
    else if (letter.test(character)) others++;
  }
  return { characters, latin, others };
}
