import { isUtf8 } from 'node:buffer';
import { InputFault } from '../../errors/fault.js';

/** The library looks at no more matching prefixes than this. */
const maxMatches = 32;

/** The two highest bits of a byte within a character. */
const continuation = 0x80;

/** A darts-clone double array, and the replacements its values point into, each ended by a zero byte. */
export class Replacements {
  constructor(
    private readonly units: Uint32Array,
    private readonly texts: Buffer,
  ) {}

  longest(input: Buffer, start: number): { bytes: Buffer; consumed: number } | undefined {
    let found: { value: number; end: number } | undefined;
    let node = offsetOf(this.unit(0));
    for (let at = start, matches = 0; at < input.length && matches < maxMatches; at++) {
      const label = input[at] as number;
      node ^= label;
      const unit = this.unit(node);
      // A leaf's value has the highest bit set, so that it equals no label.
      if ((unit & 0x800000ff) !== label) break;
      node ^= offsetOf(unit);
      if (!hasLeaf(unit)) continue;
      found = { value: valueOf(this.unit(node)), end: at + 1 };
      matches++;
    }
    if (found === undefined) return undefined;
    const end = this.texts.indexOf(0, found.value);
    return { bytes: this.texts.subarray(found.value, end), consumed: found.end - start };
  }

  /** Whether no walk leaves the array or the texts (`validate` of darts.h). */
  isWhole(): boolean {
    const root = this.unit(0);
    const size = this.units.length;
    if (labelOf(root) !== 0 || hasLeaf(root) || offsetOf(root) === 0 || (offsetOf(root) | 0xff) >= size)
      return false;
    return this.units.every((unit, index) => {
      if (labelOf(unit) > 0xff) return valueOf(unit) < this.texts.length;
      const child = (index ^ offsetOf(unit)) >>> 0;
      if ((child | 0xff) >>> 0 >= size) return false;
      return index === 0 || !hasLeaf(unit) || labelOf(this.unit(child)) > 0xff;
    });
  }

  /** Whether the texts are UTF-8, and every value is where a character begins. */
  isText(): boolean {
    return (
      isUtf8(this.texts) &&
      this.units.every(
        (unit) => labelOf(unit) <= 0xff || ((this.texts[valueOf(unit)] ?? 0) & 0xc0) !== continuation,
      )
    );
  }

  private unit(index: number): number {
    return this.units[index >>> 0] ?? 0;
  }
}

/** Where a unit's children begin, relative to it. */
function offsetOf(unit: number): number {
  return ((unit >>> 10) << ((unit & 0x200) >>> 6)) >>> 0;
}

function labelOf(unit: number): number {
  return (unit & 0x800000ff) >>> 0;
}

function hasLeaf(unit: number): boolean {
  return ((unit >>> 8) & 1) === 1;
}

function valueOf(unit: number): number {
  return unit & 0x7fffffff;
}

/** The layout of `precompiled_charsmap`: size of the trie in bytes, the trie, the replacements. */
export function readReplacements(where: string, charsMap: Buffer): Replacements {
  const trieBytes = charsMap.length < 4 ? 0 : charsMap.readUInt32LE(0);
  const texts = charsMap.subarray(4 + trieBytes);
  // An array is made of blocks of 256 units.
  if (trieBytes > 0 && trieBytes % 1024 === 0 && texts.at(-1) === 0) {
    const units = Uint32Array.from({ length: trieBytes / 4 }, (_, index) =>
      charsMap.readUInt32LE(4 + index * 4),
    );
    const replacements = new Replacements(units, texts);
    if (replacements.isWhole()) return replacements;
  }
  throw damaged(where);
}

/**
 * A table that the `tokenizers` library is to read, which ends the process where it is not what it should be.
 *
 * @throws InputFault
 */
export function checkTableForLibrary(where: string, base64: unknown): void {
  const bytes = typeof base64 === 'string' ? Buffer.from(base64, 'base64') : Buffer.alloc(0);
  // Node passes over what is not base64.
  if (bytes.toString('base64') !== base64 || !readReplacements(where, bytes).isText()) throw damaged(where);
}

function damaged(where: string): InputFault {
  return new InputFault({
    where,
    what: "the normaliser's table of replacements (precompiled_charsmap) is damaged",
    remedy: 'Download or copy the checkpoint again.',
  });
}
