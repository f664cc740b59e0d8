import { RowFailure } from '../csv-records.js';

/** Of one line: an object with more is none of ours, and would take memory without measure. */
const deepest = 64;
const mostValues = 65_536;

/** A value at the top of a line's object. */
export type JsonField =
  | { readonly kind: 'text'; readonly value: string }
  /** As it is written: what a number cannot hold stays whole. */
  | { readonly kind: 'number'; readonly written: string }
  | { readonly kind: 'other'; readonly what: string };

/** The object of one line of JSON lines. */
export class JsonLine {
  private constructor(
    private readonly line: string,
    private readonly object: Readonly<Record<string, unknown>>,
    private readonly keys: readonly KeyPlace[],
  ) {}

  /** @throws RowFailure for what is no object, is too deep, or has a key twice */
  static read(line: string): JsonLine {
    const keys = outlined(line);
    const object = parsed(line);
    if (typeof object !== 'object' || object === null || Array.isArray(object))
      throw new RowFailure({
        what: 'the line is no JSON object',
        found: whatIs(object),
        expected: 'an object on each line, as in {"id": 1, "text": "…"}',
      });
    if (Object.keys(object).length < keys.length)
      throw new RowFailure({ what: 'the object has a key twice', expected: 'each key once' });
    return new JsonLine(line, object as Readonly<Record<string, unknown>>, keys);
  }

  names(): string[] {
    return Object.keys(this.object);
  }

  /** Undefined where the object has no such key. */
  field(name: string): JsonField | undefined {
    if (!Object.hasOwn(this.object, name)) return undefined;
    const value = this.object[name];
    if (typeof value === 'string') return { kind: 'text', value };
    if (typeof value === 'number') return { kind: 'number', written: this.written(name) };
    return { kind: 'other', what: whatIs(value) };
  }

  private written(name: string): string {
    const key = this.keys.find(({ start, colon }) => JSON.parse(this.line.slice(start, colon)) === name)!;
    return /[^\s,}]+/.exec(this.line.slice(key.colon + 1, key.colon + 1 + longestNumber))?.[0] ?? '';
  }
}

/** A longer one is cut, and then too long an id. */
const longestNumber = 1 << 16;

/** Where a key of the object begins, and the colon after it. */
interface KeyPlace {
  readonly start: number;
  readonly colon: number;
}

/**
 * The keys at the top of a line, without a value being made of it: what is too deep or has too many values ends here.
 * Of what is no JSON it says nothing of use.
 */
function outlined(line: string): KeyPlace[] {
  const keys: KeyPlace[] = [];
  let [depth, values, start] = [0, 0, 0];
  for (let at = 0; at < line.length; at++) {
    switch (line.charCodeAt(at)) {
      case code.quote:
        if (depth === 1) start = at;
        at = endOfText(line, at);
        break;
      case code.colon:
        if (depth === 1) keys.push({ start, colon: at });
        break;
      case code.comma:
        if (++values > mostValues)
          throw new RowFailure({ what: 'the object has too many values', expected: `at most ${mostValues}` });
        break;
      case code.openBrace:
      case code.openBracket:
        if (++depth > deepest)
          throw new RowFailure({ what: 'the object is too deep', expected: `at most ${deepest} levels` });
        break;
      case code.closeBrace:
      case code.closeBracket:
        depth--;
        break;
    }
  }
  return keys;
}

const code = {
  quote: 0x22,
  backslash: 0x5c,
  colon: 0x3a,
  comma: 0x2c,
  openBrace: 0x7b,
  closeBrace: 0x7d,
  openBracket: 0x5b,
  closeBracket: 0x5d,
} as const;

/** The quote that ends a text; the end of the line where none does. */
function endOfText(line: string, from: number): number {
  for (let at = from + 1; ;) {
    const end = line.indexOf('"', at);
    if (end < 0) return line.length;
    let escapes = 0;
    while (line.charCodeAt(end - 1 - escapes) === code.backslash) escapes++;
    if (escapes % 2 === 0) return end;
    at = end + 1;
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    // Its message quotes the line.
    const position = error instanceof SyntaxError ? /at position (\d+)/.exec(error.message)?.[1] : undefined;
    throw new RowFailure({
      what: 'the line is no JSON',
      ...(position === undefined ? {} : { found: `something else at character ${Number(position) + 1}` }),
      expected: 'a JSON object on each line',
    });
  }
}

function whatIs(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return (
    { object: 'an object', boolean: 'true or false', number: 'a number' }[typeof value as string] ?? 'a text'
  );
}
