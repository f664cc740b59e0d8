/** What a header may hold: of numbers whole ones alone, as they are written without sign and exponent. */
export type HeaderValue = string | number | boolean | null | HeaderValue[] | HeaderObject;

export class HeaderObject {
  readonly entries = new Map<string, HeaderValue>();
}

/** What is wrong: no JSON at all, a number, or what JSON.parse would let through. */
export type HeaderFaultKind = 'syntax' | 'number' | 'duplicate' | 'depth';

/** Where a text is not the JSON that a header may be; the message says why. */
export class HeaderFault extends Error {
  constructor(
    message: string,
    readonly kind: HeaderFaultKind,
  ) {
    super(message);
  }
}

const maxDepth = 8;

/**
 * Reads JSON as the safetensors library does, where JSON.parse lets more through: a name that comes
 * twice, numbers such as 1.0 and -0, half of a surrogate pair. Takes time in proportion to the text.
 */
export function parseStrictJson(text: string, dialect: JsonDialect = 'header'): HeaderValue {
  return new Reader(text, dialect).document();
}

/** `json` has all numbers and strings that JSON.parse takes; a name twice and deep nesting it has not, either. */
export type JsonDialect = 'header' | 'json';

const blank = /[ \t\n\r]*/y;
const stringLiteral = /"[^"\\]*(?:\\[^][^"\\]*)*"/y;
const wholeNumber = /(?:0|[1-9]\d*)(?![\d.eE])/y;
const anyNumber = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const word = /true|false|null/y;
const loneSurrogate = /[\ud800-\udfff]/u;

class Reader {
  #at = 0;

  constructor(
    private readonly text: string,
    private readonly dialect: JsonDialect,
  ) {}

  document(): HeaderValue {
    const value = this.#value(0);
    if (this.#at < this.text.length) throw this.#unexpected();
    return value;
  }

  #value(depth: number): HeaderValue {
    if (depth > maxDepth) throw new HeaderFault('it is nested too deeply', 'depth');
    this.#match(blank);
    const value = this.#bare(depth);
    this.#match(blank);
    return value;
  }

  #bare(depth: number): HeaderValue {
    switch (this.text[this.#at]) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#list(depth);
      case '"':
        return this.#string();
    }
    const exact = this.dialect === 'header';
    const number = this.#match(exact ? wholeNumber : anyNumber);
    if (number !== undefined) return exact ? this.#exact(Number(number)) : Number(number);
    const literal = this.#match(word);
    if (literal === undefined) throw this.#unexpected();
    return literal === 'null' ? null : literal === 'true';
  }

  #object(depth: number): HeaderObject {
    const object = new HeaderObject();
    this.#each('}', () => {
      this.#match(blank);
      const name = this.#string();
      this.#match(blank);
      if (!this.#take(':')) throw this.#unexpected();
      const value = this.#value(depth + 1);
      if (object.entries.has(name)) {
        throw new HeaderFault(`it names ${JSON.stringify(name.slice(0, 80))} twice`, 'duplicate');
      }
      object.entries.set(name, value);
    });
    return object;
  }

  #list(depth: number): HeaderValue[] {
    const list: HeaderValue[] = [];
    this.#each(']', () => list.push(this.#value(depth + 1)));
    return list;
  }

  /** From the bracket that opens to the one that closes. */
  #each(close: '}' | ']', read: () => void): void {
    this.#at += 1;
    this.#match(blank);
    if (this.#take(close)) return;
    do read();
    while (this.#take(','));
    if (!this.#take(close)) throw this.#unexpected();
  }

  #string(): string {
    const literal = this.#match(stringLiteral);
    if (literal === undefined) throw this.#unexpected();
    const value = unescaped(literal);
    const halved = this.dialect === 'header' && loneSurrogate.test(value ?? '');
    if (value === undefined || halved) throw this.#unexpected();
    return value;
  }

  #exact(number: number): number {
    if (Number.isSafeInteger(number)) return number;
    throw new HeaderFault('it has a number beyond 2^53', 'number');
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.text)?.[0];
    this.#at += match?.length ?? 0;
    return match;
  }

  #take(character: string): boolean {
    if (this.text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #unexpected(): HeaderFault {
    return new HeaderFault(`it is not the JSON of a header at character ${this.#at + 1}`, 'syntax');
  }
}

function unescaped(literal: string): string | undefined {
  try {
    return JSON.parse(literal) as string;
  } catch {
    return undefined;
  }
}
