import { stripVTControlCharacters } from 'node:util';

/** Columns a text takes; colour codes take none. */
export function columns(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columns(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - columns(text))) + text;
}

/** At most `width` columns of a text without colour codes, an ellipsis where it was cut. */
export function fit(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= width) return text;
  return width <= 1 ? '…'.slice(0, Math.max(0, width)) : `${characters.slice(0, width - 1).join('')}…`;
}

/** One line of text: control characters, which could steer a terminal, become spaces. */
export function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').trim();
}

/** A bar of `width` columns, filled to `share` (0 … 1), to an eighth of a column. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
  const full = Math.floor(eighths / 8);
  const rest = eighths % 8;
  const partial = rest === 0 ? '' : ' ▏▎▍▌▋▊▉'.charAt(rest);
  return '█'.repeat(full) + partial + '░'.repeat(width - full - partial.length);
}
