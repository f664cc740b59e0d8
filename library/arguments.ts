/** What callers without types pass: each fault names the argument, what it must be and what it is. */

/** @param known the fields that there are; without it any */
export function requireKnown(where: string, value: unknown, known?: readonly string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(where, 'an object', value);
  const strange = known === undefined ? undefined : Object.keys(value).find((key) => !known.includes(key));
  if (strange === undefined) return;
  throw new TypeError(
    `${where}: there is no ${JSON.stringify(strange.slice(0, 100))}; there is ${known!.join(', ')}`,
  );
}

export function requireText(where: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') throw wrong(where, 'a text that is not empty', value);
}

export function requireOneOf(where: string, value: unknown, known: readonly string[]): void {
  if (typeof value === 'string' && known.includes(value)) return;
  throw wrong(where, `one of ${known.join(', ')}`, value);
}

export function requireTexts(where: string, value: unknown): void {
  if (!Array.isArray(value)) throw wrong(where, 'an array of strings', value);
  // Not `findIndex`, which reads holes as the values that they are not.
  for (let place = 0; place < value.length; place++) {
    if (typeof value[place] !== 'string') throw wrong(`${where}[${place}]`, 'a string', value[place]);
  }
}

/** An object of numbers from 0 to 1. */
export function requireShares(where: string, value: unknown): void {
  requireKnown(where, value);
  for (const [name, share] of Object.entries(value as Readonly<Record<string, unknown>>)) {
    if (typeof share === 'number' && share >= 0 && share <= 1) continue;
    throw wrong(`${where}[${JSON.stringify(name.slice(0, 100))}]`, 'a number from 0 to 1', share);
  }
}

/** More than any machine has processors; the engine starts a thread for each. */
const mostThreads = 1024;

export function requireThreads(where: string, value: unknown): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= mostThreads) return;
  throw wrong(where, `a whole number from 1 to ${mostThreads}`, value);
}

function wrong(where: string, expected: string, found: unknown): TypeError {
  return new TypeError(`${where}: expected ${expected}, found ${kindOf(found)}`);
}

/** Never its content: that may be somebody's text. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (value === '') return 'an empty string';
  if (typeof value === 'number') return String(value);
  return typeof value === 'undefined'
    ? 'undefined'
    : `${/^[aeiou]/.test(typeof value) ? 'an' : 'a'} ${typeof value}`;
}
