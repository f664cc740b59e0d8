import { tasks } from '../../tasks/index.js';
import { objectiveRows } from '../../report/decision-words.js';
import { score, tunedValue } from '../../report/notation.js';
import type { RunResult } from '../../report/run-result.js';
import { oneLine } from './layout.js';
import type { Paint } from './paint.js';
import { tableLines } from './table.js';

/** A row for each member of an ensemble: what it counts, and what it reaches alone. */
export function memberTable({ members = [], ensemble, configuration }: RunResult, ink: Paint): string[] {
  if (ensemble === undefined) return [];
  const rows = members.map(({ id, macroF1 }) => [
    oneLine(id),
    Object.hasOwn(ensemble.weights, id) ? score(ensemble.weights[id]) : 'left out',
    score(macroF1?.atHalf),
    score(macroF1?.tuned),
    ink.bold(score(macroF1?.crossFitted)),
  ]);
  const [header = '', ...lines] = tableLines([
    ['member', 'weight', tasks[configuration.task].words.plain, 'F1 tuned', 'cross-fitted'],
    ...rows,
  ]);
  return [ink.dim(header), ...lines];
}

/** What thresholds were to reach, where that is something else than F1: a row per label. */
export function objectiveTable(result: RunResult, ink: Paint): string[] {
  const table = objectiveRows(result);
  if (table === null) return [];
  const [header = '', ...lines] = tableLines([
    table.head,
    ...table.rows.map(([label = '', ...cells]) => [oneLine(label), ...cells]),
  ]);
  return [ink.dim(header), ...lines];
}

/** The final table: a row per label and the macro row. */
export function scoreTable(result: RunResult, ink: Paint): string[] {
  const { words } = tasks[result.configuration.task];
  const head = ['label', words.plain, 'F1 tuned', 'cross-fitted', words.tuned, 'support'];
  const rows = result.labels.map((label) => {
    const scores = result.perLabel[label];
    return [
      oneLine(label),
      score(scores?.atHalf),
      score(scores?.tuned),
      ink.bold(score(scores?.crossFitted)),
      tunedValue(result.thresholds[label]),
      String(scores?.support ?? ''),
    ];
  });
  const { atHalf, tuned, crossFitted } = result.macroF1;
  const macro = ['macro', score(atHalf), score(tuned), ink.bold(score(crossFitted)), '', ''];
  const [header = '', ...lines] = tableLines([head, ...rows, macro]);
  return [ink.dim(header), ...lines];
}
