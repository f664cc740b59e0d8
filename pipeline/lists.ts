import type { Path } from './problem.js';

/** Settings that are lists; `*` stands for every key of a map. */
export const listSettings: readonly Path[] = [['labels'], ['data', 'text'], ['steps', '*', 'needs']];

/** A configuration in which each text that stands in place of a list has become the list of it. */
export function withLists(configuration: unknown): unknown {
  return listSettings.reduce(wrapAt, configuration);
}

/** What is changed is copied first: the maps of a document may be shared by aliases. */
function wrapAt(value: unknown, path: Path): unknown {
  const [part, ...rest] = path;
  if (part === undefined) return typeof value === 'string' ? [value] : value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const map = value as Record<string, unknown>;
  const keys = part === '*' ? Object.keys(map) : [part].filter((key) => Object.hasOwn(map, key));
  const changed = keys.flatMap((key) => {
    const wrapped = wrapAt(map[key], rest);
    return wrapped === map[key] ? [] : [[key, wrapped] as const];
  });
  if (changed.length === 0) return value;
  const copy = { ...map };
  // Not assigned: a key may be __proto__.
  for (const [key, wrapped] of changed) {
    Object.defineProperty(copy, key, {
      value: wrapped,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return copy;
}
