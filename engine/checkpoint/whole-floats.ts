/**
 * Names of the numbers that a JSON text writes with a point though they are whole, such as `2.0`. To JavaScript
 * that is 2, but transformers refuses a whole number where a setting is to be a float.
 */
export function wholeFloatsOf(json: string): ReadonlySet<string> {
  const names = json.matchAll(/"((?:[^"\\]|\\.)*)"\s*:\s*-?\d+\.0+(?=\s*[,}])/g);
  return new Set(Array.from(names, ([, name]) => name as string));
}

/** JSON in which the whole numbers of those names keep their point. */
export function jsonWithFloats(value: unknown, floats: ReadonlySet<string>): string {
  const marked = (name: string, entry: unknown): unknown =>
    floats.has(name) && Number.isInteger(entry) ? `${mark}${String(entry)}` : entry;
  return JSON.stringify(value, marked, 2).replaceAll(markedNumber, '$1.0');
}

/** No text of a configuration begins so. */
const mark = '\u0000whole float ';
const markedNumber = /"\\u0000whole float (-?\d+)"/g;
