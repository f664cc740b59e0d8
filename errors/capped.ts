/**
 * The longest that a part of a message may be: what travels, is kept in histories and is read by people
 * must not grow with what somebody sent. Longer texts are cut, and say so.
 */
export const mostCharacters = 4_000;

export function capped(text: string, most: number = mostCharacters): string {
  if (text.length <= most) return text;
  // Not between the halves of a character.
  const end = /[\uD800-\uDBFF]/.test(text.charAt(most - 1)) ? most - 1 : most;
  return `${text.slice(0, end)}… (${text.length - end} characters more)`;
}
