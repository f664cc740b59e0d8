import { score } from '../../report/notation.js';
import type { RunResult } from '../../report/run-result.js';
import { oneLine } from './layout.js';
import type { Paint } from './paint.js';
import { tableLines } from './table.js';

/** The final table: a row per label and the macro row. */
export function scoreTable(result: RunResult, ink: Paint): string[] {
  const head = ['label', 'F1 at 0.5', 'F1 tuned', 'cross-fitted', 'threshold', 'support'];
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
