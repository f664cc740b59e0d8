import { tasks } from '../../tasks/index.js';
import { html, nothing, type Html } from '../html.js';
import { change, count, score, tunedValue } from '../notation.js';
import { intervalStrip } from '../plots/interval-strip.js';
import type { RunResult } from '../run-result.js';
import { headlineWords, intervalWords, unshownWords, verdictWords } from '../skill-words.js';

/** The three macro scores, the honest one first, beside what no skill gets, with words on which to believe. */
export function headline(result: RunResult): Html {
  const { macroF1, previous, classes, assessment, configuration } = result;
  const { words } = tasks[configuration.task];
  const interval = assessment?.macro.intervals.crossFitted;
  return html`<section class="headline" aria-label="Macro F1">
      <div class="score lead">
        <b>${score(macroF1.crossFitted)}</b
        ><span
          >macro F1,
          cross-fitted${interval === undefined ? '' : `; 95 % interval ${intervalWords(interval)}`}</span
        >
      </div>
      <div class="score">
        <b>${score(macroF1.tuned)}</b><span>tuned on the rows it judges: optimistic</span>
      </div>
      <div class="score"><b>${score(macroF1.atHalf)}</b><span>${words.undecided}</span></div>
      ${assessment === undefined ? nothing : noSkillCard(assessment.macro.noSkill)}
    </section>
    ${skill(result)}
    <p class="words">
      All scores judge out-of-fold predictions: every row is scored by a model that did not train on it.
      <strong>Believe the cross-fitted one.</strong> There each fold’s rows are judged by ${words.tuned}s
      tuned on the other folds’ rows, as new texts would be. The tuned score is flattered, because its
      ${words.tuned}s were chosen on the very rows that it judges; the third does without tuning.
    </p>
    ${classes === undefined ? nothing : classScores(classes, assessment)} ${movement(previous, words.untuned)}`;
}

function noSkillCard({ always, guess }: { readonly always: number; readonly guess: number }): Html {
  return html`<div class="score">
    <b>${score(Math.max(always, guess))}</b><span>without any skill</span>
  </div>`;
}

/** What the headline is worth, for those who read one sentence. */
function skill(result: RunResult): Html {
  const [worth, unshown] = [headlineWords(result), unshownWords(result)];
  if (worth === null) return nothing;
  return html`<p class="words"><strong>${worth} ${unshown ?? ''}</strong></p>`;
}

function classScores(
  { accuracy, logLoss }: NonNullable<RunResult['classes']>,
  assessment: RunResult['assessment'],
): Html {
  const standing = assessment?.accuracy;
  return html`<p class="words">
    Accuracy: ${score(accuracy.crossFitted)}
    cross-fitted${
      standing === undefined
        ? ''
        : ` (95 % interval ${intervalWords(standing.intervals.crossFitted)}; always the most frequent class: ${score(standing.noSkill.always)})`
    },
    ${score(accuracy.tuned)} tuned, ${score(accuracy.atHalf)} untuned. Log loss of the probabilities:
    ${score(logLoss)}.
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
  const { macroF1, assessment } = result;
  const { words } = tasks[result.configuration.task];
  const macro = assessment?.macro;
  return html`${assessment === undefined ? nothing : tableWords(words.always)}
    <div class="scroll" role="region" aria-label="Scores by label" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">label</th>
            <th scope="col">${words.plain}</th>
            <th scope="col">F1 tuned, optimistic</th>
            <th scope="col">F1 cross-fitted</th>
            ${
              assessment === undefined
                ? nothing
                : html`<th scope="col">95 % interval</th>
                    <th scope="col">${words.always}</th>
                    <th scope="col">0 … 1</th>
                    <th scope="col" class="left">better than no skill</th>`
            }
            <th scope="col">${words.tuned}</th>
            ${assessment === undefined ? nothing : html`<th scope="col">without a fold</th>`}
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
            ${macro === undefined ? nothing : standingCells(macroF1.crossFitted, macro)}
            <td></td>
            ${macro === undefined ? nothing : html`<td></td>`}
            <td></td>
          </tr>
        </tfoot>
      </table>
    </div>`;
}

function tableWords(always: string): Html {
  return html`<p class="words">
    The interval says how far another sample of as many rows would move the cross-fitted score. “${always}” is
    the F1 that a label gets without reading a text, only for being frequent: the tick on the line from 0 to
    1, where the dot is the cross-fitted score and the bar its interval. A label is called better where, over
    the same resampled rows, its score stays above that in at least 97.5 % of them.
  </p>`;
}

type Standing = NonNullable<RunResult['assessment']>['perLabel'][string];

function standingCells(reached: number, { intervals, noSkill, verdict }: Standing): Html {
  const best = Math.max(noSkill.always, noSkill.guess);
  return html`<td>${intervalWords(intervals.crossFitted)}</td>
    <td>${score(best)}</td>
    <td>${intervalStrip(reached, intervals.crossFitted, best)}</td>
    <td class="left ${verdict === 'better' ? 'honest' : 'doubt'}">${verdictWords[verdict]}</td>`;
}

function labelRow({ perLabel, thresholds, assessment }: RunResult, label: string): Html {
  const scores = perLabel[label];
  if (scores === undefined) return nothing;
  const standing = assessment?.perLabel[label];
  return html`<tr>
    <th scope="row">${label}</th>
    <td>${score(scores.atHalf)}</td>
    <td>${score(scores.tuned)}</td>
    <td class="honest">${score(scores.crossFitted)}</td>
    ${standing === undefined ? nothing : standingCells(scores.crossFitted, standing)}
    <td>${tunedValue(thresholds[label])}${scores.tunable === false ? ', not tuned' : ''}</td>
    ${standing === undefined ? nothing : html`<td>${spreadWords(scores.spread)}</td>`}
    <td>${count(scores.support)}</td>
  </tr>`;
}

/** What was tuned without each of the folds: one value, or the least and the most. */
function spreadWords(spread: readonly [number, number] | undefined): string {
  if (spread === undefined || spread.some(Number.isNaN)) return score(NaN);
  const [least, most] = spread.map(tunedValue) as [string, string];
  return least === most ? least : `${least} to ${most}`;
}
