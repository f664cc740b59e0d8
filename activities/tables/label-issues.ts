import { openIds, openTrainingTable } from '../../data/prepared-table.js';
import { labelIssueLines, type IssueRow } from '../../data/results.js';
import { keepRows, predictedRows } from '../../metrics/matrix.js';
import type { LabelIssueSummary, WorstLabelIssue } from '../../report/run-result.js';
import { tasks } from '../../tasks/index.js';
import type { LabelIssue, TaskName } from '../../tasks/task.js';
import { readFloatFile } from './float-file.js';
import { writeLines } from './text-file.js';

export interface IssuesRequest {
  readonly table: string;
  readonly trainIds: string;
  /** Header of the id column. */
  readonly id: string;
  readonly labels: readonly string[];
  readonly task: TaskName;
  /** float32 `[rows, labels]`, out of fold. */
  readonly probabilities: string;
  /** Labels of which the model knows too little to doubt what rows were given. */
  readonly unskilled: readonly string[];
  /** The CSV file that is written. */
  readonly output: string;
}

/** Rows that are written, of all labels together and of one at least. */
const mostWritten = 200_000;
const leastWritten = 1_000;
/** Rows that the result itself names. */
const mostTold = 200;
const mostToldOfLabel = 10;

/** Looks for rows that were probably given a wrong label, and writes `label-issues.csv`. */
export function findIssues(request: IssuesRequest): LabelIssueSummary {
  const { labels, unskilled } = request;
  const table = openTrainingTable(request.table);
  const { ids, close } = openIds(request.trainIds);
  try {
    const width = labels.length;
    const task = tasks[request.task];
    const all = readFloatFile(request.probabilities);
    const rows = predictedRows(all, width);
    const probabilities = keepRows(all, width, rows);
    const truth = keepRows(table.labels, width, rows);
    const found = task
      .findLabelIssues(probabilities, truth, width)
      .map((places, label) => (unskilled.includes(labels[label]!) ? new Int32Array() : places));
    const issuesOf = (label: number, most: number): LabelIssue[] =>
      Array.from(found[label]!.subarray(0, most), (place) => {
        const issue = task.labelIssue(probabilities, truth, width, label, place);
        return { ...issue, row: rows[place]! };
      });
    const nameGiven = ({ given }: LabelIssue): string =>
      request.task === 'single-label' ? labels[given]! : String(given);
    const most = Math.max(leastWritten, Math.floor(mostWritten / width));
    function* lines(): Iterable<IssueRow> {
      for (let label = 0; label < width; label++)
        for (const issue of issuesOf(label, most)) {
          const [id = ''] = ids.range(issue.row, issue.row + 1);
          yield { ...issue, id, label: labels[issue.label]!, given: nameGiven(issue) };
        }
    }
    writeLines(request.output, labelIssueLines(request.id, lines()));
    const doubted = new Set(found.flatMap((places) => [...places]));
    const worst = labels
      .flatMap((_, label) => issuesOf(label, mostToldOfLabel))
      .sort((a, b) => a.score - b.score || a.row - b.row)
      .slice(0, mostTold)
      .map((issue): WorstLabelIssue => ({
        ...issue,
        row: issue.row + 1,
        label: labels[issue.label]!,
        given: nameGiven(issue),
      }));
    return {
      rows: doubted.size,
      perLabel: Object.fromEntries(labels.map((label, index) => [label, found[index]!.length])),
      unskilled: labels.filter((label) => unskilled.includes(label)),
      worst,
    };
  } finally {
    close();
    table.close();
  }
}
