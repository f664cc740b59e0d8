import { writeFileSync } from 'node:fs';
import { openTrainingTable } from '../../data/prepared-table.js';
import { mixProbabilities } from '../../metrics/mixture.js';
import { renderReport } from '../../report/page.js';
import type { DataDigests, RunResult } from '../../report/run-result.js';
import { digestData } from './data-digest.js';
import { readFloatFile } from './float-file.js';

export interface PageRequest {
  readonly result: RunResult;
  readonly table: string;
  /** Of each member its weight, and float32 `[rows, labels]`, out of fold. */
  readonly members: readonly { readonly probabilities: string; readonly weight: number }[];
  readonly output: string;
}

/** Writes `report.html`, and tells what the rows were. */
export function writePage({ result, table, members, output }: PageRequest): DataDigests {
  const { texts, labels, close } = openTrainingTable(table);
  const data = digestData({ texts, labels }, result.labels);
  close();
  const probabilities = mixProbabilities(
    members.map((member) => readFloatFile(member.probabilities)),
    members.map(({ weight }) => weight),
    result.labels.length,
  );
  writeFileSync(output, renderReport({ result: { ...result, data }, outOfFold: { probabilities, labels } }));
  return data;
}
