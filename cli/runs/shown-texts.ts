import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readTable } from '../../data/csv.js';
import { textColumns } from '../../data/results.js';
import { showsTexts } from '../../pipeline/report.js';
import type { RowText } from '../../report/report-input.js';
import type { RunResult } from '../../report/run-result.js';

/** The texts that a run's report shows, of its `texts.csv`; undefined where it may show none, or has none. */
export async function readShownTexts(
  directory: string,
  { configuration }: Pick<RunResult, 'configuration'>,
): Promise<ReadonlyMap<number, RowText> | undefined> {
  const path = join(directory, 'texts.csv');
  if (!showsTexts(configuration) || !existsSync(path)) return undefined;
  const texts = new Map<number, RowText>();
  await readTable(path, (header) => {
    const missing = textColumns.filter((name) => header.place(name) === undefined);
    if (missing.length > 0) {
      throw header.fault(
        { missing, asked: textColumns },
        {
          what: 'columns are missing',
          expected: 'the texts that the report shows',
          remedy: 'Remove the file, and the report shows none.',
        },
      );
    }
    const [row, id, text] = textColumns.map((name) => header.place(name)!);
    return (cells) => texts.set(Number(cells[row!]) - 1, { id: cells[id!] ?? '', text: cells[text!] ?? '' });
  });
  return texts;
}
