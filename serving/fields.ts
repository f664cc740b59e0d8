import type { HeaderObject, HeaderValue } from '../engine/checkpoint/strict-json.js';
import type { ServingLimits } from './limits.js';
import { Refusal, requestBody } from './refusal.js';

/** A field that is wrong, by its place in the body; nothing of what it holds is repeated. */
export function wrongField(
  where: string,
  what: string,
  more: { expected?: string; remedy?: string } = {},
): Refusal {
  return new Refusal(422, { where, what, ...more });
}

/** @throws Refusal for a name that is not among those */
export function requireKnown(body: HeaderObject, known: readonly string[], where = requestBody): void {
  if ([...body.entries.keys()].every((name) => known.includes(name))) return;
  throw wrongField(where, 'it has a field that is not known', { expected: known.join(', ') });
}

/** @throws Refusal where it is neither true nor false */
export function flagOf(body: HeaderObject, name: string): boolean | undefined {
  const value = body.entries.get(name);
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return value;
  throw wrongField(name, 'it has another type', { expected: 'true or false' });
}

/** How many texts there are. @throws Refusal where that is none, or too many */
export function requireCount(where: string, count: number, { texts }: Pick<ServingLimits, 'texts'>): void {
  if (count === 0) throw wrongField(where, 'there is no text', { expected: 'at least one' });
  if (count <= texts) return;
  throw new Refusal(413, {
    where,
    what: 'there are too many texts',
    found: `${count}`,
    expected: `at most ${texts}`,
    remedy: 'Send them in several requests.',
  });
}

/** @throws Refusal where it is no text, or too long */
export function textOf(
  where: string,
  value: HeaderValue | undefined,
  { characters }: Pick<ServingLimits, 'characters'>,
): string {
  if (typeof value !== 'string') throw wrongField(where, 'it is no text', { expected: 'a string' });
  if (value.length <= characters) return value;
  throw new Refusal(413, {
    where,
    what: 'the text is too long',
    found: `${value.length} characters`,
    expected: `at most ${characters}`,
  });
}
