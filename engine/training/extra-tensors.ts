import { listed } from '../checkpoint/listed.js';

/** What to say of tensors of a checkpoint that are of no use: somebody may have meant another architecture. */
export function extraWarnings(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const shown = names.map((name) =>
    /^[\w.-]{1,100}$/.test(name) ? name : JSON.stringify(name.slice(0, 100)),
  );
  const what = names.length === 1 ? 'a tensor' : `${names.length} tensors`;
  return [
    `the checkpoint has ${what} that the model of its config.json has no place for and that are left out: ${listed(shown, 4)}`,
  ];
}
