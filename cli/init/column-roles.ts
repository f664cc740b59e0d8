import { InputFault } from '../../errors/fault.js';
import { defaultId } from '../../data/text-rows.js';
import { foldColumn, probabilityColumn } from '../../data/results.js';
import { defaultTextColumns, nameMeaning, namePattern, pipelineLimits } from '../../pipeline/schema.js';
import { classColumn } from './class-column.js';
import { isDistinct, type ColumnProfile, type TableProfile } from './table-profile.js';

/** A label, and the rows that have it. */
export interface SeenLabel {
  readonly name: string;
  readonly positives: number;
}

/** What the columns of a table are taken for. */
export interface ColumnRoles {
  readonly text: ColumnProfile;
  readonly labels: readonly SeenLabel[];
  /** The column of the class names; null where each label has a column of 0 and 1. */
  readonly target: string | null;
  /** Null where rows are to be numbered. */
  readonly id: string | null;
  /** A column that is called as one of groups is: null where there is none. */
  readonly group: string | null;
  /** What looks like a label and was not taken, and why. */
  readonly left: readonly { readonly name: string; readonly why: string }[];
}

/**
 * Takes columns of 0 and 1 for labels, or where there is none a column of class names, the column of the longest texts for the texts unless one has a
 * usual name, and a column of different values that is called an id for the ids.
 *
 * @throws InputFault saying what is missing where no pipeline can be made of the table
 */
export async function columnRoles(
  file: string,
  { table, header, columns }: TableProfile,
): Promise<ColumnRoles> {
  if (table.rows === 0) {
    throw new InputFault({ where: file, what: 'there is a header but no rows', expected: 'labelled rows' });
  }
  const fault = (what: string, expected: string, remedy: string): InputFault =>
    header.fault({ missing: [], asked: [] }, { what, expected, remedy });
  const binary = columns.filter(({ isBinary }) => isBinary);
  const unnamed = binary.some(({ name }) => name === '0' || name === '1');
  if (unnamed) throw fault('there is no header', 'the names of the columns', 'Put a header above the rows.');
  const text = textColumn(columns);
  if (text === undefined) {
    const expected = 'a column of texts, beside columns of 0 and 1';
    throw fault('no column holds texts', expected, 'Add the texts, or name their column text.');
  }
  const taken = new Set(binary.map(({ name }) => name));
  const why = (name: string): string | null => {
    if (!namePattern.test(name)) return 'its name cannot be that of a label; rename it';
    if (name === foldColumn) return 'oof.csv has a column of that name; rename it';
    if ([...taken].some((other) => probabilityColumn(other) === name))
      return 'it has the name of a probability';
    return null;
  };
  const id = await idOf(file, columns, new Set([text.name, ...taken]));
  const labels = binary.filter(({ name }) => name !== id && why(name) === null);
  const others = columns.filter(({ name }) => name !== text.name && name !== id);
  const classes = binary.length === 0 ? classColumn(others) : null;
  if (labels.length === 0 && classes === null) throw withoutLabels(columns, others, fault);
  if (labels.length > pipelineLimits.labels) {
    const expected = `at most ${pipelineLimits.labels} labels`;
    throw fault(`${labels.length} columns hold 0 and 1`, expected, 'Leave out those that are no labels.');
  }
  const blank = columns.filter(({ isBinaryWithBlanks }) => isBinaryWithBlanks);
  return {
    text,
    labels: classes?.labels ?? labels.map(({ name, positives }) => ({ name, positives })),
    target: classes?.name ?? null,
    id,
    group: groupOf(others.filter(({ name }) => !taken.has(name) && name !== classes?.name)),
    left: [
      ...binary.flatMap(({ name }) => {
        const reason = name === id ? null : why(name);
        return reason === null ? [] : [{ name, why: reason }];
      }),
      ...blank.map(({ name, blanks }) => ({
        name,
        why: `${blanks} of its cells are blank; every row needs 0 or 1`,
      })),
    ],
  };
}

function textColumn(columns: readonly ColumnProfile[]): ColumnProfile | undefined {
  const candidates = columns.filter(({ isBinary, isNumeric }) => !isBinary && !isNumeric);
  const usual = defaultTextColumns
    .map((name) => candidates.find((column) => column.name === name))
    .find((column) => column !== undefined);
  if (usual !== undefined) return usual;
  const sentences = candidates.filter(
    ({ meanWords, meanCharacters }) => meanWords >= 2 || meanCharacters >= 20,
  );
  return sentences.toSorted((a, b) => b.meanCharacters - a.meanCharacters)[0];
}

/** `id`, `tweet_id`, `commentId`, `uuid`. */
const calledId = /^(?:id|.*[\s_.-]id|.*[a-z]I[Dd]|u?uid|guid|key)$/iu;

async function idOf(
  file: string,
  columns: readonly ColumnProfile[],
  others: ReadonlySet<string>,
): Promise<string | null> {
  const candidates = columns
    .map(({ name }) => name)
    .filter((name) => calledId.test(name) && !others.has(name));
  // What every reader looks for first, and refuses where a value is there twice: no choice of ours.
  if (candidates.includes(defaultId)) return defaultId;
  for (const name of candidates.slice(0, mostTried)) if (await isDistinct(file, name)) return name;
  return null;
}

/** `group`, `author`, `user_id`, `authorId`. */
const calledGroup = /^(?:group|author|user|speaker|source)(?:[\s_.-]?id)?$/iu;

function groupOf(columns: readonly ColumnProfile[]): string | null {
  return columns.find(({ name }) => calledGroup.test(name))?.name ?? null;
}

/** Each is another reading of the table. */
const mostTried = 3;

function withoutLabels(
  columns: readonly ColumnProfile[],
  others: readonly ColumnProfile[],
  fault: (what: string, expected: string, remedy: string) => InputFault,
): InputFault {
  const expected = 'a column for each label, with 0 or 1 in every row, or one of class names';
  const blank = columns.find(({ isBinaryWithBlanks }) => isBinaryWithBlanks);
  if (blank !== undefined) {
    const what = `no column is 0 or 1 in every row: of column ${place(columns, blank)} ${blank.blanks} cells are blank`;
    return fault(what, expected, 'Fill the blanks, or leave those rows out.');
  }
  const few = others.filter(({ values }) => values !== null && values.size > 1);
  const seen = few.find(({ isNumeric }) => !isNumeric) ?? few[0];
  if (seen === undefined)
    return fault('no column holds labels as 0 and 1', expected, 'Add a column for each label.');
  const what = `no column holds labels as 0 and 1; column ${place(columns, seen)} has ${seen.values!.size} different ${seen.isNumeric ? 'numbers' : 'values'}`;
  const remedy = `If these are classes, call the column "class"; every row needs one, each in two rows at least, of ${nameMeaning}. If they are labels, write 0 and 1; no 1.0 or true.`;
  return fault(what, expected, remedy);
}

function place(columns: readonly ColumnProfile[], column: ColumnProfile): number {
  return columns.indexOf(column) + 1;
}
