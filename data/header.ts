import { nearest } from '../errors/suggestion.js';
import { TableFault } from './table-fault.js';

/** What a header shows the table to be in place of what it should be. */
interface ForeignHeader {
  readonly what: string;
  readonly expected: string;
  readonly remedy: string;
}

/**
 * The columns of a table. Where it lacks a header its first row stands here, so that a name is told only
 * where it is one that was asked for, or where the header is beyond doubt.
 */
export class Header {
  private readonly places: ReadonlyMap<string, number>;

  constructor(
    private readonly file: string,
    readonly names: readonly string[],
    /** What stands between the cells of a row; undefined where names are no cells. */
    private readonly separator: string | undefined = ',',
  ) {
    // From the back, so that of equal names the first counts.
    this.places = new Map(names.map((name, index) => [name, index] as const).reverse());
  }

  /** Where the column stands in each row. */
  place(name: string): number | undefined {
    return this.places.get(name);
  }

  /** @throws TableFault where two columns have one name */
  requireDistinct(): void {
    if (this.places.size === this.names.length) return;
    const again = this.names.findIndex((name, index) => this.places.get(name) !== index);
    const first = this.places.get(this.names[again]!)!;
    throw this.fault(
      { missing: [], asked: [] },
      {
        what: `columns ${first + 1} and ${again + 1} have the same name`,
        expected: 'each name once',
        remedy: 'Rename or remove one of them.',
      },
    );
  }

  /** @throws TableFault where the header plainly is of another separator, before a row is read by a wrong one */
  requireSeparator(): void {
    const kind = this.otherSeparator([]);
    if (kind !== undefined) throw new TableFault({ file: this.file }, kind);
  }

  /** Where a column stands whose name is the one asked for but for case, blanks or what cannot be seen. */
  lookalike(name: string): string | undefined {
    const place = this.names.findIndex((other) => other !== name && plain(other) === plain(name));
    if (place < 0) return undefined;
    const found = this.names[place]!;
    const hidden = invisible.exec(found)?.[0];
    if (hidden !== undefined) {
      const code = hidden.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
      return `column ${place + 1}, which has an invisible character (U+${code})`;
    }
    const blanks = found === found.trim() ? '' : ' with blanks around it';
    return `column ${place + 1}, ${JSON.stringify(found.trim())}${blanks}`;
  }

  /**
   * What is wrong with the header when columns are not there.
   *
   * @param missing the names of these columns @param asked all names that the pipeline has for columns
   * @param details what is said where nothing better is known
   */
  fault(
    { missing, asked }: { readonly missing: readonly string[]; readonly asked: readonly string[] },
    details: { readonly what: string; readonly expected: string; readonly remedy: string },
  ): TableFault {
    const place = { file: this.file };
    const kind = this.foreignKind(asked);
    if (kind !== undefined) return new TableFault(place, kind);
    const known = asked.filter((name) => this.places.has(name)).length >= certainNames;
    const found = known ? `the columns ${listed(this.names)}` : columnCount(this.names.length);
    const guesses = missing.slice(0, mostGuesses).flatMap((name) => this.guess(name, asked, known));
    return new TableFault(place, { ...details, found, remedy: [details.remedy, ...guesses].join(' ') });
  }

  private guess(name: string, asked: readonly string[], known: boolean): string[] {
    const alike = this.lookalike(name);
    if (alike !== undefined) return [`Is ${JSON.stringify(name)} ${alike}?`];
    const others = this.names.slice(0, comparedNames).filter((other) => !asked.includes(other));
    const near = known ? nearest(name, others) : undefined;
    return near === undefined ? [] : [`Did you mean ${JSON.stringify(near)} for ${JSON.stringify(name)}?`];
  }

  private foreignKind(asked: readonly string[]): ForeignHeader | undefined {
    const other = this.otherSeparator(asked);
    if (other !== undefined) return other;
    if (this.separator !== undefined && this.looksLikeData()) {
      return {
        what: 'the first row looks like data',
        expected: 'a header: the names of the columns',
        remedy: 'Put a header above it.',
      };
    }
    return undefined;
  }

  private otherSeparator(asked: readonly string[]): ForeignHeader | undefined {
    const expected = separators.find(({ sign }) => sign === this.separator)?.name;
    const other = separators.find(
      ({ sign }) =>
        sign !== this.separator &&
        this.names.some((name) => {
          const parts = name.split(sign, maxParts);
          return parts.length > 1 && (this.names.length === 1 || parts.some((part) => asked.includes(part)));
        }),
    );
    if (expected === undefined || other === undefined) return undefined;
    return {
      what: `the table seems to be separated by ${other.name}`,
      expected,
      remedy: expected === 'commas' ? 'Save it as CSV with commas.' : `Save it with ${expected}.`,
    };
  }

  /** Labels are numbers, and texts are longer than names. */
  private looksLikeData(): boolean {
    return this.names.some((name) => /^\s*[+-]?\d+(?:\.\d+)?\s*$/.test(name) || name.length > longestName);
  }
}

function columnCount(columns: number): string {
  return columns === 1 ? 'one column of another name' : `${columns} columns of other names`;
}

/** One such name may be the text of a row. */
const certainNames = 2;
const longestName = 64;
/** Guessing costs the product of both. */
const mostGuesses = 10;
const comparedNames = 1000;
const listedNames = 30;

/** Names for a message, the first ones of very many. */
export function listed(names: readonly string[]): string {
  const shown = names
    .slice(0, listedNames)
    .map((name) => JSON.stringify(name))
    .join(', ');
  return names.length > listedNames ? `${shown} and ${names.length - listedNames} more` : shown;
}

const separators = [
  { sign: ',', name: 'commas' },
  { sign: ';', name: 'semicolons' },
  { sign: '\t', name: 'tabs' },
  { sign: '|', name: 'vertical bars' },
];
const maxParts = 1000;

/** Zero-width characters, byte order marks, soft hyphens, directions of writing. */
const invisible = /[\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2064\uFEFF]/u;

function plain(name: string): string {
  return name.replaceAll(new RegExp(invisible, 'gu'), '').trim().toLowerCase();
}
