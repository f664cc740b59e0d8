import { extname } from 'node:path';

/** How a table of any length may be laid out: cells between commas or tabs, or a JSON object on each line. */
export const textFormats = ['csv', 'tsv', 'jsonl'] as const;
export type TextFormat = (typeof textFormats)[number];

const extensions: Readonly<Record<string, TextFormat>> = {
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.tab': 'tsv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
};

/** The format that the end of a file's name tells; undefined where it tells none. */
export function formatOf(file: string): TextFormat | undefined {
  return extensions[extname(file).toLowerCase()];
}
