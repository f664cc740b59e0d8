import { isMap } from '../../pipeline/configuration.js';
import type { Differing } from '../../report/comparison/comparison.js';

/** Where configurations differ, path by path: maps are gone into, lists are compared whole. */
export function differingValues(values: readonly unknown[], path = ''): Differing[] {
  if (!values.every(isMap)) {
    const [first, ...others] = values.map((value) => JSON.stringify(value));
    return others.every((other) => other === first) ? [] : [{ path, values }];
  }
  const keys = [...new Set(values.flatMap((value) => Object.keys(value)))];
  return keys.flatMap((key) =>
    differingValues(
      values.map((value) => (Object.hasOwn(value, key) ? value[key] : undefined)),
      path === '' ? key : `${path}.${key}`,
    ),
  );
}
