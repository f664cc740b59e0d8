import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredEnsemble } from '../../ensemble/stored-ensemble.js';
import { modelsOf } from '../../ensemble/definition.js';
import { canonicalJson } from '../../pipeline/keys.js';
import { sha256 } from '../../store/digest.js';

/**
 * Of all that predictions depend on besides the table: what is gone on with must be the same. Of the models' files it
 * takes sizes and times, as they are large.
 *
 * @param settings how the table is read and written, and what the engine's bits depend on
 */
export async function commandDigest(
  { definition, columns, run }: StoredEnsemble,
  settings: Readonly<Record<string, string | number | boolean>>,
): Promise<string> {
  const models = await Promise.all(modelsOf(definition).map(({ folder }) => filesOf(folder)));
  const { members, ...tuned } = definition;
  const weighed = members.map(({ weight, models }) => [weight, ...models.map(({ maxLength }) => maxLength)]);
  return sha256(canonicalJson({ run, columns, tuned, weighed, models, settings }));
}

async function filesOf(folder: string): Promise<[string, number, number][]> {
  const names = (await readdir(folder)).sort();
  const facts = await Promise.all(names.map((name) => stat(join(folder, name))));
  return names.map((name, place) => [name, facts[place]!.size, facts[place]!.mtimeMs]);
}
