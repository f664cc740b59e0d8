import { html, nothing, type Html } from '../html.js';
import { score } from '../notation.js';
import type { RunResult } from '../run-result.js';

type Assessment = NonNullable<RunResult['assessment']>;
type Scores = Pick<Assessment['macro'], 'averagePrecision' | 'rocAuc' | 'brier' | 'calibrationError'>;

const averageNames: readonly (readonly [keyof Assessment['averages'], string])[] = [
  ['microF1', 'micro F1: all labels counted together'],
  ['weightedF1', 'weighted F1: labels count by their support'],
  ['samplesF1', 'samples F1: the mean over the rows'],
  ['subsetAccuracy', 'subset accuracy: rows with every label right'],
  ['jaccard', 'Jaccard: labels in both over labels in either, mean over the rows'],
];

/** Scores by other definitions: averages of the decisions, and of the probabilities themselves. */
export function furtherScores({ assessment, classes, labels }: RunResult): Html {
  if (assessment === undefined) return nothing;
  const { macro, perLabel, averages } = assessment;
  return html`<section>
    <h2>Further scores</h2>
    <p class="words">
      Of the decisions, averaged in other ways. A row that has no label and is given none counts as 0 in
      samples F1 and Jaccard.
    </p>
    <div class="scroll" role="region" aria-label="Averages" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">score</th>
            <th scope="col">untuned</th>
            <th scope="col">tuned, optimistic</th>
            <th scope="col">cross-fitted</th>
          </tr>
        </thead>
        <tbody>
          ${averageNames.map(([name, words]) => averageRow(words, averages[name]))}
        </tbody>
      </table>
    </div>
    <p class="words after">
      Of the probabilities, whatever is decided by them. Average precision and the area under the ROC curve
      say how well a label’s rows are ranked: no skill gets its share of the rows, and 0.5. The Brier score is
      the mean squared error; the calibration error is how far probabilities are from what happens, over 15
      bins of equal width: 0 is best of both.
      ${classes === undefined ? 'The last row has their means' : 'In the last row the Brier score is summed over the classes, and the calibration error is that of the likeliest class'};
      a dash: not defined, as of a label that never occurs.
    </p>
    <div class="scroll" role="region" aria-label="Probabilities" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">label</th>
            <th scope="col">share of the rows</th>
            <th scope="col">average precision</th>
            <th scope="col">ROC AUC</th>
            <th scope="col">Brier score</th>
            <th scope="col">calibration error</th>
          </tr>
        </thead>
        <tbody>
          ${labels.map((label) => {
            const scores = perLabel[label];
            return scores === undefined ? nothing : probabilityRow(label, scores, scores.noSkill.guess);
          })}
        </tbody>
        <tfoot>
          ${probabilityRow('all', macro)}
        </tfoot>
      </table>
    </div>
  </section>`;
}

function averageRow(words: string, scores: Assessment['averages'][keyof Assessment['averages']]): Html {
  if (scores === undefined) return nothing;
  return html`<tr>
    <th scope="row">${words}</th>
    <td>${score(scores.atHalf)}</td>
    <td>${score(scores.tuned)}</td>
    <td class="honest">${score(scores.crossFitted)}</td>
  </tr>`;
}

function probabilityRow(name: string, scores: Scores, share?: number): Html {
  return html`<tr>
    <th scope="row">${name}</th>
    <td>${share === undefined ? '' : `${(100 * share).toFixed(1)} %`}</td>
    <td>${score(scores.averagePrecision)}</td>
    <td>${score(scores.rocAuc)}</td>
    <td>${score(scores.brier)}</td>
    <td>${score(scores.calibrationError)}</td>
  </tr>`;
}
