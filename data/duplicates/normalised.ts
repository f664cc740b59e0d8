/**
 * A text as it counts where texts are compared: composed (Unicode NFC), in lower case, every run of white space
 * one blank, none around it.
 */
export function normalised(text: string): string {
  return text.normalize('NFC').toLowerCase().replace(/\s+/gu, ' ').trim();
}
