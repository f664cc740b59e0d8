/**
 * A text as it counts where texts are compared: composed (Unicode NFC), in lower case, every run of white space
 * one blank, none around it.
 */
export function normalised(text: string): string {
  return text.normalize('NFC').toLowerCase().replace(otherThanOneBlank, ' ').trim();
}

/** Runs of white space but for a single blank: a text has one after each word, and to replace those takes most of the time. */
const otherThanOneBlank = / \s+|[^\S ]\s*/gu;
