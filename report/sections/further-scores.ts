import { html } from '../html.js';
import { percent, score } from '../notation.js';
import type { RunResult } from '../run-result.js';
import type { Section } from '../section.js';
import { dataTable } from '../table.js';

type Assessment = NonNullable<RunResult['assessment']>;

const averageNames: readonly (readonly [keyof Assessment['averages'], string])[] = [
  ['microF1', 'micro F1: all labels counted together'],
  ['weightedF1', 'weighted F1: labels count by their support'],
  ['samplesF1', 'samples F1: the mean over the rows'],
  ['subsetAccuracy', 'subset accuracy: rows with every label right'],
  ['jaccard', 'Jaccard: labels in both over labels in either, mean over the rows'],
];

/** Scores by other definitions: averages of the decisions, and of the probabilities themselves. */
export const furtherScoresSection: Section = {
  id: 'further-scores',
  title: 'Further scores',
  draw: ({ result: { assessment, classes, labels } }) => {
    if (assessment === undefined) return null;
    const { macro, perLabel, averages } = assessment;
    const measured = averageNames.flatMap(([name, words]) => {
      const scores = averages[name];
      return scores === undefined ? [] : [{ words, scores }];
    });
    // Of rows with one class each there are none.
    const ofRows =
      averages.samplesF1 === undefined
        ? ''
        : ' A row that has no label and is given none counts as 0 in samples F1 and Jaccard.';
    return html`<p class="words">Of the decisions, averaged in other ways.${ofRows}</p>
      ${dataTable<(typeof measured)[number]>({
        label: 'Averages',
        rows: measured,
        columns: [
          { head: 'score', cell: ({ words }) => words },
          { head: 'untuned', cell: ({ scores }) => score(scores.atHalf) },
          { head: 'tuned, optimistic', cell: ({ scores }) => score(scores.tuned) },
          { head: 'cross-fitted', cell: ({ scores }) => score(scores.crossFitted), kind: 'honest' },
        ],
      })}
      <p class="words after">
        Of the probabilities, whatever is decided by them. Average precision and the area under the ROC curve
        say how well a label’s rows are ranked: no skill gets its share of the rows, and 0.5. The Brier score
        is the mean squared error; the calibration error is how far probabilities are from what happens, over
        15 bins of equal width: 0 is best of both.
        ${classes === undefined ? 'The last row has their means' : 'In the last row the Brier score is summed over the classes, and the calibration error is that of the likeliest class'};
        a dash: not defined, as of a label that never occurs.
      </p>
      ${dataTable<Ranked>({
        label: 'Probabilities',
        rows: labels.flatMap((label) => {
          const scores = perLabel[label];
          return scores === undefined ? [] : [{ name: label, scores, share: scores.noSkill.guess }];
        }),
        foot: [{ name: 'all', scores: macro }],
        columns: [
          { head: 'label', cell: ({ name }) => name },
          {
            head: 'share of the rows',
            cell: ({ share }) => (share === undefined ? '' : percent(share)),
          },
          { head: 'average precision', cell: ({ scores }) => score(scores.averagePrecision) },
          { head: 'ROC AUC', cell: ({ scores }) => score(scores.rocAuc) },
          { head: 'Brier score', cell: ({ scores }) => score(scores.brier) },
          { head: 'calibration error', cell: ({ scores }) => score(scores.calibrationError) },
        ],
      })}`;
  },
};

interface Ranked {
  readonly name: string;
  readonly scores: Pick<Assessment['macro'], 'averagePrecision' | 'rocAuc' | 'brier' | 'calibrationError'>;
  readonly share?: number;
}
