import { InputFault } from '../errors/fault.js';

/**
 * As long as a row of a table may be (data/csv.ts): so whatever a run has read can be scored, and one text cannot
 * take all memory.
 */
export const mostCharacters = 16 * 1024 * 1024;

/**
 * What is scored as it is: an empty text, blanks, literal special tokens. Half of a surrogate pair is read as U+FFFD,
 * as whatever writes UTF-8 has it.
 *
 * @throws InputFault for a text that is too long
 */
export function checkTexts(texts: readonly string[]): void {
  const place = texts.findIndex((text) => text.length > mostCharacters);
  const long = texts[place];
  if (long === undefined) return;
  throw new InputFault({
    where: `texts[${place}]`,
    what: 'the text is too long',
    found: `${long.length} characters`,
    expected: `at most ${mostCharacters}`,
  });
}
