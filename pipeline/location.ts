/*
 * Where a table lies, as a person writes it: a path, or a URI. What a URI says is read where tables are
 * opened (activities/table-location.ts); here is what whoever passes locations on has to know.
 */

/** `scheme://…`, or the `store:` of foldwise's own. A scheme has two letters or more: one is a drive. */
const uri = /^(?:([a-z][a-z0-9+.-]+):\/\/|(store):)/i;

/** The scheme of a URI, in lower case; null of a path. */
export function schemeOf(location: string): string | null {
  const [, scheme, own] = uri.exec(location) ?? [];
  return (scheme ?? own)?.toLowerCase() ?? null;
}

/** Whether a URI names a user, maybe with a password, which must be shown nowhere. */
export function namesUser(location: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\/[^/?#]*@/i.test(location);
}
