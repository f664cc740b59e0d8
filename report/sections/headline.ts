import { tasks } from '../../tasks/index.js';
import { html, nothing, type Html } from '../html.js';
import { change, score } from '../notation.js';
import { folded } from '../parts.js';
import type { RunResult } from '../run-result.js';
import { intervalWords } from '../skill-words.js';

/** The three macro scores, the honest one first, beside what no skill gets. */
export function headline(result: RunResult): Html {
  const { macroF1, assessment, configuration } = result;
  const { words } = tasks[configuration.task];
  const macro = assessment?.macro;
  const interval = macro === undefined ? '' : `; 95 % interval ${intervalWords(macro.intervals.crossFitted)}`;
  const doubted = macro !== undefined && macro.verdict !== 'better';
  return html`<div class="headline" role="group" aria-label="Macro F1">
    <div class="score lead${doubted ? ' doubted' : ''}">
      <b>${score(macroF1.crossFitted)}</b><span>macro F1, cross-fitted${interval}</span>
    </div>
    ${macro === undefined ? nothing : card(noSkillOf(macro.noSkill), 'without any skill')}
    ${card(macroF1.tuned, 'tuned on the rows it judges: optimistic')} ${card(macroF1.atHalf, words.undecided)}
  </div>`;
}

/** What the numbers of the headline are, for those who ask. */
export function readingWords({ classes, assessment, previous, configuration, calibration }: RunResult): Html {
  const { words } = tasks[configuration.task];
  return html`${folded(
    'How to read these numbers',
    html`<p class="words">
        F1 of a label is the harmonic mean of precision (how many of the rows that are given the label have
        it) and recall (how many of the rows that have it are given it): 1 is perfect, 0 is no row found.
        Macro F1 is the mean over the labels, each counting alike.
      </p>
      <p class="words">
        All scores judge out-of-fold predictions: every row is scored by a model that did not train on it.
        <strong>Believe the cross-fitted one.</strong> There each fold’s rows are judged by ${words.tuned}s
        tuned on the other folds’ rows, as new texts would be. The tuned score is flattered, because its
        ${words.tuned}s were chosen on the very rows that it judges; the last does without
        tuning${calibration === undefined ? '' : ', but for the calibration, which was fitted on the other folds’ rows'}.
      </p>`,
  )}
  ${classes === undefined ? nothing : classScores(classes, assessment)} ${movement(previous, words.untuned)}`;
}

function noSkillOf({ always, guess }: { readonly always: number; readonly guess: number }): number {
  return Math.max(always, guess);
}

function card(value: number, words: string): Html {
  return html`<div class="score"><b>${score(value)}</b><span>${words}</span></div>`;
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
