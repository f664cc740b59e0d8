import { html, type Html } from '../html.js';
import { duration, loss, score } from '../notation.js';
import { cellName } from '../plots/epoch-curves.js';
import type { FoldResult, RunResult } from '../run-result.js';

/** Above this many folds the table starts folded up. */
const openFolds = 25;

/** One row per trained fold: what was kept, and where and how it was trained. */
export function foldTable({ folds }: RunResult): Html {
  const table = html`<div class="scroll" role="region" aria-label="Folds" tabindex="0">
    <table>
      <thead>
        <tr>
          <th scope="col">fold</th>
          <th scope="col">best epoch</th>
          <th scope="col">macro F1</th>
          <th scope="col">validation loss</th>
          <th scope="col">time</th>
          <th scope="col">device</th>
          <th scope="col">threads</th>
          <th scope="col">attempts</th>
          <th scope="col">seed</th>
        </tr>
      </thead>
      <tbody>
        ${folds.map(foldRow)}
      </tbody>
    </table>
  </div>`;
  if (folds.length <= openFolds) return table;
  return html`<details>
    <summary>All ${folds.length} folds</summary>
    ${table}
  </details>`;
}

function foldRow(fold: FoldResult): Html {
  const kept = fold.epochs.find(({ epoch }) => epoch === fold.bestEpoch);
  return html`<tr>
    <th scope="row">${cellName(fold)}</th>
    <td>${fold.bestEpoch} of ${fold.epochs.length}</td>
    <td>${score(kept?.macroF1)}</td>
    <td>${loss(kept?.valLoss)}</td>
    <td>${duration(fold.seconds)}</td>
    <td class="text">${fold.device}</td>
    <td>${fold.threads}</td>
    <td>${fold.attempts}</td>
    <td>${fold.seed}</td>
  </tr>`;
}
