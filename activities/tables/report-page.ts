import { writeFileSync } from 'node:fs';
import { openTrainingTable } from '../../data/prepared-table.js';
import { mixProbabilities } from '../../metrics/mixture.js';
import { renderReport } from '../../report/page.js';
import type { RunResult } from '../../report/run-result.js';
import { readFloatFile } from './float-file.js';

export interface PageRequest {
  readonly result: RunResult;
  readonly table: string;
  /** Of each member its weight, and float32 `[rows, labels]`, out of fold. */
  readonly members: readonly { readonly probabilities: string; readonly weight: number }[];
  readonly output: string;
}

/** Writes `report.html`. */
export function writePage({ result, table, members, output }: PageRequest): void {
  const { labels, close } = openTrainingTable(table);
  close();
  const probabilities = mixProbabilities(
    members.map((member) => readFloatFile(member.probabilities)),
    members.map(({ weight }) => weight),
    result.labels.length,
  );
  writeFileSync(output, renderReport({ result, outOfFold: { probabilities, labels } }));
}
