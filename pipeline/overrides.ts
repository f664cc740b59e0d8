import { parseSource } from './document.js';
import type { LocatedProblem } from './problem.js';

/** One `--set path=value`. */
export interface Override {
  /** As it was written: `training.epochs`, `data.text.0`. */
  readonly name: string;
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

/** A configuration with overrides applied; those that could not be are problems. */
export interface Overridden {
  readonly value: unknown;
  readonly applied: readonly Override[];
  readonly problems: readonly LocatedProblem[];
}

const maxOverrides = 1000;

/**
 * Sets dotted paths of a configuration, in the order given. A value is read as YAML: `2`, `null`,
 * `[a, b]`, `text`. Numbers in a path index lists; one past the end appends, and 0 makes a list where
 * there is none. The given configuration is not changed.
 */
export function applyOverrides(
  configuration: unknown,
  overrides: Readonly<Record<string, string>>,
): Overridden {
  const value: unknown = copyOf(configuration);
  const applied: Override[] = [];
  const problems: LocatedProblem[] = [];
  const entries = Object.entries(overrides);
  if (entries.length > maxOverrides) {
    const found = `${entries.length} overrides`;
    return {
      value,
      applied,
      problems: [{ where: '--set', path: [], found, expected: `at most ${maxOverrides}` }],
    };
  }
  for (const [name, text] of entries) {
    const where = `--set ${name}`;
    const source = parseSource(text, () => where);
    if (source.problems.length > 0) {
      problems.push(...source.problems);
      continue;
    }
    const path = setPath(value, name.split('.'), source.value);
    if (path !== undefined) applied.push({ name, path, value: source.value });
    else
      problems.push({
        where,
        path: [],
        found: 'a path that does not exist',
        expected: 'a path of the configuration',
      });
  }
  return { value, applied, problems };
}

/**
 * Missing maps are made on the way, and those that are there replaced by copies: an alias may share
 * them with another path. Returns the path with its indices as numbers, or undefined.
 */
function setPath(root: unknown, parts: readonly string[], value: unknown): (string | number)[] | undefined {
  const path: (string | number)[] = [];
  let holder = root;
  for (const [depth, part] of parts.entries()) {
    const slot = slotOf(holder, part);
    if (slot === undefined) return undefined;
    path.push(slot.key);
    // No map of a configuration has a key that is a number.
    const missing = parts[depth + 1] === '0' ? [] : {};
    slot.set(depth === parts.length - 1 ? value : copyOf(slot.get() ?? missing));
    holder = slot.get();
  }
  return path;
}

function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return [...(value as unknown[])];
  return typeof value === 'object' && value !== null ? { ...value } : value;
}

interface Slot {
  readonly key: string | number;
  get(): unknown;
  set(value: unknown): void;
}

function slotOf(holder: unknown, part: string): Slot | undefined {
  if (Array.isArray(holder)) {
    const list: unknown[] = holder;
    const index = /^\d{1,6}$/.test(part) ? Number(part) : NaN;
    if (!(index <= list.length)) return undefined;
    return { key: index, get: () => list[index], set: (value) => void (list[index] = value) };
  }
  // `__proto__` and its like are no paths of a configuration.
  if (typeof holder !== 'object' || holder === null || part === '' || part in Object.prototype)
    return undefined;
  const map = holder as Record<string, unknown>;
  return { key: part, get: () => map[part], set: (value) => void (map[part] = value) };
}
