import { tasks } from '../../tasks/index.js';
import { html, nothing, type Html } from '../html.js';
import { change, count, score } from '../notation.js';
import type { RunResult } from '../run-result.js';

/** The three macro scores, the honest one first, with words on which to believe. */
export function headline({ macroF1, previous, classes, configuration }: RunResult): Html {
  const { words } = tasks[configuration.task];
  return html`<section class="headline" aria-label="Macro F1">
      <div class="score lead"><b>${score(macroF1.crossFitted)}</b><span>macro F1, cross-fitted</span></div>
      <div class="score"><b>${score(macroF1.tuned)}</b><span>with tuned ${words.tuned}s</span></div>
      <div class="score"><b>${score(macroF1.atHalf)}</b><span>${words.undecided}</span></div>
    </section>
    <p class="words">
      All three judge out-of-fold predictions: every row is scored by a model that did not train on it.
      <strong>Believe the cross-fitted one.</strong> There each fold’s rows are judged by ${words.tuned}s
      tuned on the other folds’ rows, as new texts would be. The tuned score is flattered, because its
      ${words.tuned}s were chosen on the very rows that it judges; the third does without tuning.
    </p>
    ${classes === undefined ? nothing : classScores(classes)} ${movement(previous, words.untuned)}`;
}

function classScores({ accuracy, logLoss }: NonNullable<RunResult['classes']>): Html {
  return html`<p class="words">
    Accuracy: ${score(accuracy.crossFitted)} cross-fitted, ${score(accuracy.tuned)} tuned,
    ${score(accuracy.atHalf)} untuned. Log loss of the probabilities: ${score(logLoss)}.
  </p>`;
}

/** Against the run before: what a retraining is read for. */
function movement(previous: RunResult['previous'], untuned: string): Html {
  if (previous === undefined || previous === null) return nothing;
  const { run, change: by } = previous;
  return html`<p class="words">
    Since the run before, ${run}: ${change(by.crossFitted)} cross-fitted, ${change(by.tuned)} tuned,
    ${change(by.atHalf)} ${untuned}.
  </p>`;
}

/** Scores, threshold and support of every label, and their mean. */
export function scoreTable(result: RunResult): Html {
  const { macroF1 } = result;
  const { words } = tasks[result.configuration.task];
  return html`<div class="scroll" role="region" aria-label="Scores by label" tabindex="0">
    <table>
      <thead>
        <tr>
          <th scope="col">label</th>
          <th scope="col">${words.plain}</th>
          <th scope="col">F1 tuned</th>
          <th scope="col">F1 cross-fitted</th>
          <th scope="col">${words.tuned}</th>
          <th scope="col">support</th>
        </tr>
      </thead>
      <tbody>
        ${result.labels.map((label) => labelRow(result, label))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">macro</th>
          <td>${score(macroF1.atHalf)}</td>
          <td>${score(macroF1.tuned)}</td>
          <td class="honest">${score(macroF1.crossFitted)}</td>
          <td></td>
          <td></td>
        </tr>
      </tfoot>
    </table>
  </div>`;
}

function labelRow({ perLabel, thresholds }: RunResult, label: string): Html {
  const scores = perLabel[label];
  if (scores === undefined) return nothing;
  return html`<tr>
    <th scope="row">${label}</th>
    <td>${score(scores.atHalf)}</td>
    <td>${score(scores.tuned)}</td>
    <td class="honest">${score(scores.crossFitted)}</td>
    <td>${thresholds[label]?.toFixed(2) ?? ''}${scores.tunable === false ? ', not tuned' : ''}</td>
    <td>${count(scores.support)}</td>
  </tr>`;
}
