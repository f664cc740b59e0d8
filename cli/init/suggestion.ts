import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { assignFolds, type FoldsOptions, type RowsToSplit } from '../../data/splits/folds.js';
import { readLabelledRows } from '../../data/dataset.js';
import { readTextRows, type TableColumns } from '../../data/text-rows.js';
import { Fault, InputFault } from '../../errors/fault.js';
import { namePattern } from '../../pipeline/schema.js';
import { columnRoles, type ColumnRoles } from './column-roles.js';
import { profileTable, wordsOf } from './table-profile.js';

/** What a pipeline for a table would say, and what was seen that says so. */
export interface Suggestion extends ColumnRoles {
  readonly name: string;
  readonly train: string;
  /** A table of rows to predict beside it; null where there is none. */
  readonly test: string | null;
  /** Why the table of that name was not taken. */
  readonly testFault: string | null;
  readonly rows: number;
  readonly folds: Pick<FoldsOptions, 'count' | 'strategy'>;
  readonly lengths: TextLengths;
  readonly warnings: readonly string[];
}

export interface TextLengths {
  readonly medianWords: number;
  readonly mostWords: number;
  /** So many tokens hold 99 of 100 texts whole, by an estimate. */
  readonly tokens: number;
  readonly maxLength: number;
}

/**
 * Looks at a table as a run would, and says what pipeline it could be used with.
 *
 * @throws InputFault saying why where it cannot be used
 */
export async function suggestPipeline(file: string): Promise<Suggestion> {
  const train = resolve(file);
  const roles = await columnRoles(train, await profileTable(train));
  const labels = roles.labels.map(({ name }) => name);
  const { target, left } = roles;
  const columns: TableColumns = {
    text: [roles.text.name],
    id: roles.id ?? undefined,
    labels,
    ...(target === null ? {} : { task: 'single-label', target }),
  };
  const lengths = new Lengths();
  const read = await readLabelledRows(train, columns, lengths);
  const folds = foldsFor({ labels: read.labels, width: labels.length }, read.rows);
  return {
    ...roles,
    ...(await testTable(train, columns)),
    name: nameFor(train),
    train,
    rows: read.rows,
    folds,
    lengths: lengths.summary(),
    warnings: [
      ...left.map(
        ({ name, why }) => `${train}: the column ${oneLine(name)} is not taken for a label: ${why}.`,
      ),
      ...read.warnings,
    ],
  };
}

/** The first way to deal out folds that the rows allow. */
function foldsFor(read: RowsToSplit, rows: number): Suggestion['folds'] {
  const ways: Suggestion['folds'][] = [
    { count: 5, strategy: 'stratified' },
    { count: 3, strategy: 'stratified' },
    { count: 2, strategy: 'stratified' },
    { count: Math.min(5, rows), strategy: 'random' },
  ];
  for (const way of ways.slice(0, -1)) {
    try {
      assignFolds(read, { ...way, seed: 42 });
      return way;
    } catch (error) {
      if (!(error instanceof InputFault)) throw error;
    }
  }
  const last = ways.at(-1)!;
  assignFolds(read, { ...last, count: Math.max(2, last.count), seed: 42 });
  return last;
}

async function testTable(
  train: string,
  columns: TableColumns,
): Promise<Pick<Suggestion, 'test' | 'testFault'>> {
  const test = join(dirname(train), 'test.csv');
  if (test === train || !existsSync(test)) return { test: null, testFault: null };
  try {
    await readTextRows(test, columns, { append: () => undefined });
    return { test, testFault: null };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { test: null, testFault: error.details.what };
  }
}

/** Of the file, or of its folder where the file is called as any other. */
function nameFor(train: string): string {
  const file = basename(train).replace(/\.[^.]*$/, '');
  const general = /^(?:train|training|data|labels|labelled|dataset)$/i.test(file);
  const words = (general ? basename(dirname(train)) : file).replaceAll(/[^\p{L}\p{N}_.-]+/gu, '-');
  const name = [...words.replace(/^[^\p{L}\p{N}]+/u, '')]
    .slice(0, 40)
    .join('')
    .replace(/[^\p{L}\p{M}\p{N}_-]+$/u, '');
  return namePattern.test(name) ? name : 'pipeline';
}

/** A column's name, quoted and not too long. */
export function oneLine(name: string): string {
  const quoted = JSON.stringify(name);
  return quoted.length > 60 ? `${quoted.slice(0, 57)}…"` : quoted;
}

/** Texts of more tokens than these are counted as of so many. */
const longestCounted = 4096;
const roundLengths = [32, 48, 64, 96, 128, 192, 256, 384, 512];

/** Lengths of texts, counted as they come. */
class Lengths {
  private readonly words = new Uint32Array(longestCounted + 1);
  private readonly tokens = new Uint32Array(longestCounted + 1);
  private mostWords = 0;
  private texts = 0;

  append(text: string): void {
    const words = wordsOf(text);
    this.texts++;
    this.mostWords = Math.max(this.mostWords, words);
    this.words[Math.min(words, longestCounted)]! += 1;
    this.tokens[Math.min(tokensOf(text, words), longestCounted)]! += 1;
  }

  summary(): TextLengths {
    const tokens = this.quantile(this.tokens, 0.99);
    return {
      medianWords: this.quantile(this.words, 0.5),
      mostWords: this.mostWords,
      tokens,
      maxLength: roundLengths.find((length) => length >= tokens) ?? roundLengths.at(-1)!,
    };
  }

  private quantile(counts: Uint32Array, share: number): number {
    let below = 0;
    return counts.findIndex((count) => (below += count) >= share * this.texts);
  }
}

/**
 * About how many tokens a subword vocabulary makes of a text: a third more than it has words, or one for
 * four bytes where the writing has no blanks between words; and two special ones.
 */
function tokensOf(text: string, words: number): number {
  return Math.ceil(Math.max(words * (4 / 3), Buffer.byteLength(text) / 4)) + 2;
}
