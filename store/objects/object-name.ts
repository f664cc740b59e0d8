/** Longer than any of ours, and what S3 and file systems take. */
const mostCharacters = 512;

const segment = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/**
 * Names become paths and addresses, and parts of them come from outside.
 *
 * @throws RangeError for what is no name: whoever makes one out of something foreign has checked that
 */
export function requireObjectName(name: string): string {
  if (name.length > mostCharacters || !name.split('/').every((part) => segment.test(part)))
    throw new RangeError('an object is not called that');
  return name;
}

/** The beginning of a name, to its end or anywhere before. @throws RangeError */
export function requireObjectPrefix(prefix: string): string {
  const cut = prefix.lastIndexOf('/');
  if (cut !== -1) requireObjectName(prefix.slice(0, cut));
  if (cut + 1 < prefix.length) requireObjectName(prefix.slice(cut + 1));
  return prefix;
}
