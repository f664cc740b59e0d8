/** The first names and how many more there are, each short: a message stays one that a person reads. */
export function listed(names: readonly string[], most: number): string {
  const shown = names.slice(0, most).map((name) => (name.length > 100 ? `${name.slice(0, 100)}…` : name));
  const more = names.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}
