import { z } from 'zod';
import type { Texts } from '../column-file/reader.js';
import { duplicateGroups, type Likeness } from '../duplicates/duplicate-groups.js';
import type { RowGroups } from '../row-groups.js';

const count = z.int().min(0);
/** As a person counts them: from 1, the header not counted. */
const row = z.int().min(1);

/** Rows of one table with the same text. */
export const repeatsSchema = z.object({
  /** Rows whose text an earlier row has. */
  rows: count,
  /** Texts that are there several times. */
  texts: count,
  /** The first rows of the first of these texts. */
  examples: z.array(z.array(row)),
});
export type Repeats = z.output<typeof repeatsSchema>;

/** Rows to predict whose text is in the training table, too. */
export const leaksSchema = z.object({
  rows: count,
  examples: z.array(z.object({ test: row, train: row })),
});
export type Leaks = z.output<typeof leaksSchema>;

export const repeatedTextsSchema = z.object({
  duplicates: repeatsSchema,
  /** Rows of the training table with the text of others and other labels: all of these rows are counted. */
  conflicts: repeatsSchema,
  /** Null without rows to predict. */
  leaks: leaksSchema.nullable(),
  /** The same of texts that are nearly the same, duplicates included; null where they were not looked for. */
  near: z.object({ duplicates: repeatsSchema, leaks: leaksSchema.nullable() }).nullable(),
});
/** Which texts are there several times. Empty texts are none. */
export type RepeatedTexts = z.output<typeof repeatedTextsSchema>;

export interface ComparedTables {
  readonly train: Texts;
  readonly test: Texts | null;
  /** 0 or 1, `[rows, labels]`. */
  readonly truth: Uint8Array;
}

const mostExamples = 10;
const mostRowsOfExample = 5;

/** @param near whether texts that are nearly the same are looked for, too, which takes several times as long */
export function repeatedTexts(tables: ComparedTables, near: boolean): RepeatedTexts {
  const same = groupsOf(tables, 'duplicates');
  return {
    duplicates: same.repeats(),
    conflicts: same.repeats(conflicting(same, tables)),
    leaks: same.leaks(),
    near: near ? nearly(groupsOf(tables, 'near-duplicates')) : null,
  };
}

function nearly(groups: TextGroups): NonNullable<RepeatedTexts['near']> {
  return { duplicates: groups.repeats(), leaks: groups.leaks() };
}

function groupsOf({ train, test }: ComparedTables, likeness: Likeness): TextGroups {
  const groups = duplicateGroups(test === null ? [train] : [train, test], likeness);
  return new TextGroups(groups, train.length, test !== null);
}

/** The groups of the rows of both tables, those of the training table first. */
class TextGroups {
  /** By group, rows of the training table: the first, and how many. */
  private readonly first: Int32Array;
  private readonly size: Int32Array;

  constructor(
    private readonly groups: RowGroups,
    private readonly trainRows: number,
    private readonly hasTest: boolean,
  ) {
    this.first = new Int32Array(groups.count).fill(-1);
    this.size = new Int32Array(groups.count);
    for (let row = 0; row < trainRows; row++) {
      const group = groups.of[row]!;
      if (this.size[group]! === 0) this.first[group] = row;
      this.size[group]! += 1;
    }
  }

  get count(): number {
    return this.groups.count;
  }

  /** The group of a row of the training table, with the first of its rows. */
  at(row: number): { readonly group: number; readonly first: number } {
    const group = this.groups.of[row]!;
    return { group, first: this.first[group]! };
  }

  /** @param chosen groups that are counted with all their rows; without it all, each less its first row */
  repeats(chosen?: Uint8Array): Repeats {
    const counted = (group: number): boolean =>
      chosen === undefined ? this.size[group]! > 1 : chosen[group] === 1;
    let [rows, texts] = [0, 0];
    const examples = new Map<number, number[]>();
    for (let group = 0; group < this.count; group++) {
      if (!counted(group)) continue;
      rows += this.size[group]! - (chosen === undefined ? 1 : 0);
      texts++;
      if (examples.size < mostExamples) examples.set(group, []);
    }
    for (let row = 0; row < this.trainRows && examples.size > 0; row++) {
      const example = examples.get(this.groups.of[row]!);
      if (example !== undefined && example.length < mostRowsOfExample) example.push(row + 1);
    }
    return { rows, texts, examples: [...examples.values()] };
  }

  leaks(): Leaks | null {
    if (!this.hasTest) return null;
    const { of } = this.groups;
    let rows = 0;
    const examples: Leaks['examples'] = [];
    for (let row = this.trainRows; row < of.length; row++) {
      const first = this.first[of[row]!]!;
      if (first < 0) continue;
      rows++;
      if (examples.length < mostExamples) examples.push({ test: row - this.trainRows + 1, train: first + 1 });
    }
    return { rows, examples };
  }
}

/** 1 for each group in which some row has other labels than the first. */
function conflicting(groups: TextGroups, { train, truth }: ComparedTables): Uint8Array {
  const width = truth.length / Math.max(1, train.length);
  const found = new Uint8Array(groups.count);
  for (let row = 0; row < train.length; row++) {
    const at = groups.at(row);
    if (at.first === row || found[at.group] === 1) continue;
    for (let index = 0; index < width; index++)
      if (truth[row * width + index] !== truth[at.first * width + index]) found[at.group] = 1;
  }
  return found;
}
