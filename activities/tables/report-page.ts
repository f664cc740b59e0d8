import { writeFileSync } from 'node:fs';
import { openTrainingTable } from '../../data/prepared-table.js';
import { renderReport } from '../../report/page.js';
import type { RunResult } from '../../report/run-result.js';
import { readFloatFile } from './float-file.js';

export interface PageRequest {
  readonly result: RunResult;
  readonly table: string;
  /** Float32 `[rows, labels]`, out of fold. */
  readonly probabilities: string;
  readonly output: string;
}

/** Writes `report.html`. */
export function writePage({ result, table, probabilities, output }: PageRequest): void {
  const { labels, close } = openTrainingTable(table);
  close();
  writeFileSync(
    output,
    renderReport({ result, outOfFold: { probabilities: readFloatFile(probabilities), labels } }),
  );
}
