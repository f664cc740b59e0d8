import type { Dice } from '../dice.js';

/** Integers at which readers of formats go wrong. */
const edges = [0, 1, -1, 127, 128, 255, 256, 65_535, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 53, -(2 ** 31)];

/** Texts at which readers of names and numbers go wrong. */
const oddTexts = [
  '',
  ' ',
  '\0',
  '\ufeff',
  '\u200b',
  '__proto__',
  'constructor',
  '../../../../etc/passwd',
  '..',
  '/',
  'a'.repeat(300),
  '\u{1f600}'.repeat(80),
  'NaN',
  '1e999',
  '\ud800',
  '<script>',
  '=1+1',
];

/** Whole number in [from, to). */
export function integer(dice: Dice, from: number, to: number): number {
  return Math.floor(dice.between(from, to));
}

/** Bytes with one to eight places changed, cut off, doubled, moved or overwritten. */
export function mutateBytes(dice: Dice, bytes: Uint8Array): Uint8Array {
  let mutated = Uint8Array.from(bytes);
  for (let left = dice.one([1, 1, 2, 4, 8]) ?? 1; left > 0; left--) mutated = mutateOnce(dice, mutated);
  return mutated;
}

function mutateOnce(dice: Dice, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const at = integer(dice, 0, Math.max(1, bytes.length));
  const length = Math.min(bytes.length - at, integer(dice, 1, 65));
  switch (dice.one(['flip', 'byte', 'cut', 'remove', 'repeat', 'number', 'noise'] as const)) {
    case 'flip':
      if (at < bytes.length) bytes[at]! ^= 1 << integer(dice, 0, 8);
      return bytes;
    case 'byte':
      if (at < bytes.length) bytes[at] = integer(dice, 0, 256);
      return bytes;
    case 'cut':
      return bytes.slice(0, at);
    case 'remove':
      return joined(bytes.subarray(0, at), bytes.subarray(at + length));
    case 'repeat': {
      const piece = bytes.subarray(at, at + length);
      const copies = Array.from({ length: integer(dice, 1, 9) }, () => piece);
      return joined(bytes.subarray(0, at), ...copies, bytes.subarray(at));
    }
    case 'number': {
      const width = dice.one([1, 2, 4, 8] as const) ?? 4;
      if (at + width > bytes.length) return bytes;
      const value = BigInt.asUintN(8 * width, BigInt(dice.one(edges) ?? 0));
      for (let place = 0; place < width; place++)
        bytes[at + place] = Number((value >> BigInt(8 * place)) & 255n);
      return bytes;
    }
    case 'noise':
    case undefined:
      for (let place = at; place < at + length; place++) bytes[place] = integer(dice, 0, 256);
      return bytes;
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat(parts));
}

/**
 * A JSON value with one to four places changed: a value of another type, a key renamed, removed or added, a
 * list made longer, something nested. The value itself is left as it is.
 */
export function mutateJson(dice: Dice, value: unknown): unknown {
  let mutated: unknown = structuredClone(value);
  for (let left = dice.one([1, 1, 1, 2, 4]) ?? 1; left > 0; left--) mutated = mutateInside(dice, mutated, 8);
  return mutated;
}

function mutateInside(dice: Dice, value: unknown, depth: number): unknown {
  if (depth === 0 || typeof value !== 'object' || value === null || dice.between(0, 1) < 0.15) {
    return oddJson(dice, value);
  }
  if (Array.isArray(value)) return mutateList(dice, value as unknown[], depth);
  const entries = Object.entries(value);
  const key = dice.one(entries)?.[0];
  const kind = dice.one(['inside', 'inside', 'inside', 'remove', 'add', 'rename'] as const);
  if (key === undefined || kind === 'add') return { ...value, [oddText(dice)]: oddJson(dice, null) };
  return Object.fromEntries(
    entries.flatMap(([name, inner]): [string, unknown][] => {
      if (name !== key) return [[name, inner]];
      if (kind === 'remove') return [];
      if (kind === 'rename') return [[oddText(dice), inner]];
      return [[name, mutateInside(dice, inner, depth - 1)]];
    }),
  );
}

function mutateList(dice: Dice, list: readonly unknown[], depth: number): unknown[] {
  const at = integer(dice, 0, Math.max(1, list.length));
  switch (dice.one(['inside', 'inside', 'remove', 'repeat', 'many'] as const)) {
    case 'remove':
      return list.filter((_, index) => index !== at);
    case 'repeat':
      return [...list.slice(0, at + 1), ...list.slice(at)];
    case 'many': {
      // Lists in lists would multiply.
      const copied = typeof list[at] === 'object' ? null : list[at];
      return Array.from({ length: integer(dice, 1, 3_000) }, () => copied ?? null);
    }
    default:
      return list.map((inner, index) => (index === at ? mutateInside(dice, inner, depth - 1) : inner));
  }
}

/** A value that something else was expected in place of. */
export function oddJson(dice: Dice, former: unknown): unknown {
  switch (
    dice.one(['null', 'number', 'fraction', 'text', 'list', 'object', 'deep', 'boolean', 'near'] as const)
  ) {
    case 'number':
      return dice.one(edges);
    case 'fraction':
      return dice.one([0.5, -0.1, 1e308, 1e-320, 1.5]);
    case 'text':
      return oddText(dice);
    case 'list':
      return [former];
    case 'object':
      return { value: former };
    case 'deep': {
      let nested: unknown = former;
      for (let depth = integer(dice, 10, 2_000); depth > 0; depth--) nested = [nested];
      return nested;
    }
    case 'boolean':
      return dice.between(0, 1) < 0.5;
    case 'near':
      if (typeof former === 'number') return former + (dice.one([-1, 1, 0.5]) ?? 1);
      return typeof former === 'string' ? mutateText(dice, former) : former;
    default:
      return null;
  }
}

export function oddText(dice: Dice): string {
  return dice.one(oddTexts) ?? '';
}

/** A text with a piece of it removed, doubled or replaced. */
export function mutateText(dice: Dice, text: string): string {
  const at = integer(dice, 0, text.length + 1);
  const to = Math.min(text.length, at + integer(dice, 0, 12));
  switch (dice.one(['remove', 'repeat', 'insert', 'cut'] as const)) {
    case 'remove':
      return text.slice(0, at) + text.slice(to);
    case 'repeat':
      return text.slice(0, to) + text.slice(at);
    case 'cut':
      return text.slice(0, at);
    default:
      return text.slice(0, at) + oddText(dice) + text.slice(to);
  }
}
