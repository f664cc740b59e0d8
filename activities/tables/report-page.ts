import { writeFileSync } from 'node:fs';
import type { Texts } from '../../data/column-file/reader.js';
import { openIds, openTrainingTable, readGroups } from '../../data/prepared-table.js';
import { groupLines, textLines } from '../../data/results.js';
import { mixProbabilities } from '../../metrics/mixture.js';
import { renderReport } from '../../report/page.js';
import type { RowText } from '../../report/report-input.js';
import type { DataDigests, RunResult } from '../../report/run-result.js';
import { shownRows, shownText } from '../../report/shown-rows.js';
import { digestData } from './data-digest.js';
import { readFloatFile } from './float-file.js';
import { writeLines } from './text-file.js';

export interface PageRequest {
  readonly result: RunResult;
  readonly table: string;
  /** The ids of its rows. */
  readonly ids: string;
  /** Of each member its weight, and float32 `[rows, labels]`, out of fold. */
  readonly members: readonly { readonly probabilities: string; readonly weight: number }[];
  readonly output: string;
  /** Where the texts that the page shows are written; null where none may be shown. */
  readonly texts: string | null;
  /** Where rows are held out by groups: the file of these, and where `groups.csv` is written. */
  readonly groups: { readonly file: string; readonly output: string } | null;
}

/**
 * Writes `report.html`, `texts.csv` where texts may be shown, `groups.csv` where there are groups, and tells what
 * the rows were.
 */
export function writePage(request: PageRequest): DataDigests {
  const { result, table, ids, members, output, texts, groups } = request;
  if (groups !== null) writeLines(groups.output, groupLines(readGroups(groups.file)));
  const training = openTrainingTable(table);
  try {
    const { labels, folds } = training;
    const data = digestData(training, result.labels);
    const probabilities = mixProbabilities(
      members.map((member) => readFloatFile(member.probabilities)),
      members.map(({ weight }) => weight),
      result.labels.length,
    );
    const input = { result: { ...result, data }, outOfFold: { probabilities, labels, folds } };
    const shown = texts === null ? undefined : rowTexts(training.texts, ids, shownRows(input));
    if (texts !== null && shown !== undefined) writeLines(texts, textLines(shown));
    writeFileSync(output, renderReport({ ...input, ...(shown === undefined ? {} : { texts: shown }) }));
    return data;
  } finally {
    training.close();
  }
}

function rowTexts(texts: Texts, idsPath: string, rows: readonly number[]): Map<number, RowText> {
  const { ids, close } = openIds(idsPath);
  try {
    const at = (column: Texts, row: number): string => column.range(row, row + 1)[0] ?? '';
    return new Map(rows.map((row) => [row, { id: at(ids, row), text: shownText(at(texts, row)) }]));
  } finally {
    close();
  }
}
