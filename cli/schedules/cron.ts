import { InputFault } from '../../errors/fault.js';

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Names that stand for numbers, the first for `from`. */
  readonly names: readonly string[];
}

/** In their order. Sunday is 0, and 7 as well. */
const fields: readonly Field[] = [
  { name: 'minute', from: 0, to: 59, names: [] },
  { name: 'hour', from: 0, to: 23, names: [] },
  { name: 'day of the month', from: 1, to: 31, names: [] },
  {
    name: 'month',
    from: 1,
    to: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { name: 'day of the week', from: 0, to: 7, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];

const macros = ['@hourly', '@daily', '@midnight', '@weekly', '@monthly', '@yearly', '@annually'];

/** The last day that each month may have. */
const longestMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * The expression, its blanks made single. Temporal's server would cut what follows a `#`, and takes more
 * forms, with seconds and years; what is refused here is what a person would not get as meant.
 *
 * @throws InputFault naming the field that is wrong
 */
export function checkedCron(expression: string): string {
  const parts = expression.trim().split(/\s+/);
  const [macro = ''] = parts;
  if (expression.includes('#'))
    throw refused('there is a #, after which the server would read nothing', JSON.stringify(expression));
  if (parts.length === 1 && macro.startsWith('@')) {
    if (macros.includes(macro)) return macro;
    throw refused('there is no such shorthand', macro, macros.join(', '));
  }
  if (parts.length !== fields.length) {
    const found = `${parts[0] === '' ? 0 : parts.length} in ${JSON.stringify(expression)}`;
    throw refused('the number of fields is wrong', found, 'five: minute, hour, day, month, day of the week');
  }
  const values = fields.map((field, i) => valuesOf(parts[i] ?? '', field));
  requireSomeDay(values, expression);
  return parts.join(' ');
}

/** A time zone as `Intl` knows it. */
export function checkedTimeZone(name: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return name;
  } catch {
    throw new InputFault({
      where: '--timezone',
      what: 'there is no such time zone',
      found: name,
      expected: 'a name as in Europe/Berlin, or UTC',
    });
  }
}

/** The values that a field allows: `*`, numbers, names, ranges and steps, in a list. */
function valuesOf(text: string, field: Field): Set<number> {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [, base = '', step] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(part) ?? [];
    const range =
      base === '*' || base === '?'
        ? [field.from, field.to]
        : base.split('-').map((each) => numberOf(each, field));
    const [first = Number.NaN, last = step === undefined ? first : field.to] = range;
    const stride = step === undefined ? 1 : Number(step);
    const fits = range.length <= 2 && first >= field.from && last <= field.to && first <= last && stride > 0;
    if (!fits) throw wrongField(part, text, field);
    for (let value = first; value <= last; value += stride) values.add(value);
  }
  return values;
}

function numberOf(text: string, { from, names }: Field): number {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return from + named;
  return /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
}

/** A day that no month of the list has, as the 30th of February, would never come. */
function requireSomeDay(values: readonly Set<number>[], expression: string): void {
  const [, , days = new Set(), months = new Set()] = values;
  const earliest = Math.min(...days);
  if ([...months].some((month) => earliest <= (longestMonths[month - 1] ?? 0))) return;
  throw refused('no month of these has that day, so that it never comes', JSON.stringify(expression));
}

function wrongField(part: string, text: string, { name, from, to, names }: Field): InputFault {
  const named = names.length === 0 ? '' : `, or ${names[0]} to ${names.at(-1)}`;
  const found = part === text ? JSON.stringify(part) : `${JSON.stringify(part)} in ${JSON.stringify(text)}`;
  return refused(
    `the ${name} is wrong`,
    found,
    `*, numbers from ${from} to ${to}${named}, ranges as 1-5, steps as */15`,
  );
}

function refused(what: string, found: string, expected?: string): InputFault {
  return new InputFault({
    where: '--cron',
    what,
    found,
    ...(expected === undefined ? {} : { expected }),
    remedy: 'As in "0 3 * * 1" for Mondays at three.',
  });
}
