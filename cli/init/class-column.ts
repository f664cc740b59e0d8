import { byValue } from '../../data/splits/given.js';
import { namePattern } from '../../pipeline/schema.js';
import type { SeenLabel } from './column-roles.js';
import type { ColumnProfile } from './table-profile.js';

/** A column that names each row's class. */
export interface SeenClasses {
  readonly name: string;
  readonly labels: readonly SeenLabel[];
}

/**
 * The column of class names: of those that may be it one that is called so, words before numbers, else the only one of
 * words. Null where there is none, or no telling which.
 */
export function classColumn(columns: readonly ColumnProfile[]): SeenClasses | null {
  const fitting = columns.filter(mayNameClasses);
  const called = fitting.filter(({ name }) => calledClass.test(name));
  const choices = [
    called.filter(({ isNumeric }) => !isNumeric),
    called,
    // What begins with a digit may as well be a date, an age or a code.
    fitting.filter(({ values }) => [...values!.keys()].every((value) => /^\p{L}/u.test(value))),
  ];
  const column = choices.find(({ length }) => length > 0);
  if (column?.length !== 1) return null;
  const { name, values } = column[0]!;
  const classes = [...values!].toSorted(([one], [other]) => byValue(one, other));
  return { name, labels: classes.map(([label, positives]) => ({ name: label, positives })) };
}

/** `label`, `class_name`, `sentiment`, `stars`. */
const calledClass =
  /^(?:label|class|category|target|sentiment|emotion|intent|topic|rating|stars?|polarity)(?:[\s_.-]?(?:name|text))?$/iu;

/** Every row has one of a few names that labels may have, and none has one of its own. */
function mayNameClasses({ values, blanks }: ColumnProfile): boolean {
  if (values === null || values.size < 2 || blanks > 0) return false;
  return [...values].every(([value, rows]) => rows > 1 && namePattern.test(value));
}
