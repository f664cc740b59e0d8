import { tasks } from '../../tasks/index.js';
import { score } from '../../report/notation.js';
import type { RunResult } from '../../report/run-result.js';
import { oneLine } from './layout.js';
import type { Paint } from './paint.js';
import { tableLines } from './table.js';

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
      result.thresholds[label]?.toFixed(2) ?? '',
      String(scores?.support ?? ''),
    ];
  });
  const { atHalf, tuned, crossFitted } = result.macroF1;
  const macro = ['macro', score(atHalf), score(tuned), ink.bold(score(crossFitted)), '', ''];
  const [header = '', ...lines] = tableLines([head, ...rows, macro]);
  return [ink.dim(header), ...lines];
}
