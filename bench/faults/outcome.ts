import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** SHA-256 by path of the files that a run must always give the same bytes of. */
export type Digests = Readonly<Record<string, string>>;

/** Of all tables and of everything in `models/`: the report tells of times, too. */
export function digestsOf(runDirectory: string): Digests {
  const models = readdirSync(join(runDirectory, 'models'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(runDirectory, join(entry.parentPath, entry.name)));
  const tables = readdirSync(runDirectory).filter((name) => name.endsWith('.csv'));
  const files = [...tables.toSorted(), ...models.toSorted()];
  return Object.fromEntries(files.map((file) => [file, digestOf(join(runDirectory, file))]));
}

/** The files that differ or that only one of the two has. */
export function differences(expected: Digests, found: Digests): string[] {
  const files = new Set([...Object.keys(expected), ...Object.keys(found)]);
  return [...files].filter((file) => expected[file] !== found[file]);
}

function digestOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
