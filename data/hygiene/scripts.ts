/** Scripts that are told apart by their Unicode names; letters of all others are `other`. */
const names = [
  ...[
    'Latin',
    'Cyrillic',
    'Greek',
    'Arabic',
    'Hebrew',
    'Armenian',
    'Georgian',
    'Ethiopic',
    'Han',
    'Hiragana',
  ],
  ...['Katakana', 'Hangul', 'Devanagari', 'Bengali', 'Gurmukhi', 'Gujarati', 'Oriya', 'Tamil', 'Telugu'],
  ...['Kannada', 'Malayalam', 'Sinhala', 'Thai', 'Lao', 'Tibetan', 'Myanmar', 'Khmer', 'Mongolian', 'Thaana'],
] as const;
export type Script = (typeof names)[number] | 'other';
export const scriptNames: readonly Script[] = [...names, 'other'];

const latin = 1;
/** What belongs to no script: digits, marks of punctuation, emoji. */
const none = names.length + 2;
const patterns = names.map((name) => new RegExp(`\\p{Script=${name}}`, 'u'));
const letter = /\p{L}|\p{M}/u;
/** By code point, once it was met: 1 + its place among the scripts, or `none`; 0 before. */
const known = new Uint8Array(0x110000);

/** Letters by their script. */
export class ScriptCounts {
  private readonly counts = new Float64Array(none + 1);

  /** @returns the text's characters: its code points */
  add(text: string): number {
    let characters = 0;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      characters++;
      if (unit < 0x80) {
        const lower = unit | 0x20;
        if (lower >= 0x61 && lower <= 0x7a) this.counts[latin]! += 1;
        continue;
      }
      const point = text.codePointAt(at)!;
      if (point > 0xffff) at++;
      this.counts[known[point] || placeOf(point)]! += 1;
    }
    return characters;
  }

  /** The share of each script that occurs among all letters, the largest first. */
  shares(): Partial<Record<Script, number>> {
    const found = scriptNames
      .map((name, place): [Script, number] => [name, this.counts[place + 1]!])
      .filter(([, count]) => count > 0)
      .sort(([, a], [, b]) => b - a);
    const total = found.reduce((sum, [, count]) => sum + count, 0);
    return Object.fromEntries(found.map(([name, count]) => [name, count / total]));
  }
}

function placeOf(point: number): number {
  const character = String.fromCodePoint(point);
  const script = patterns.findIndex((pattern) => pattern.test(character));
  const place = script >= 0 ? script + 1 : letter.test(character) ? names.length + 1 : none;
  // Lone surrogates are no letters.
  known[point] = place;
  return place;
}

/** The share of letters that two tables have in other scripts: half the sum of the differences, 0 to 1. */
export function scriptDistance(
  one: Partial<Record<Script, number>>,
  other: Partial<Record<Script, number>>,
): number {
  // A table without letters is not of another script.
  if (Object.keys(one).length === 0 || Object.keys(other).length === 0) return 0;
  const total = scriptNames.reduce((sum, name) => sum + Math.abs((one[name] ?? 0) - (other[name] ?? 0)), 0);
  return Math.min(1, total / 2);
}
