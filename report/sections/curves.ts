import { tasks } from '../../tasks/index.js';
import { html, nothing, type Html } from '../html.js';
import { labelEvidence, type LabelEvidence } from '../label-evidence.js';
import { score, tunedValue } from '../notation.js';
import { cellName, epochCurves, epochRange, seriesColour } from '../plots/epoch-curves.js';
import { colours, distinctSeries } from '../plots/figure.js';
import { precisionRecallCurve } from '../plots/precision-recall.js';
import { thresholdCurve } from '../plots/threshold-curve.js';
import type { ReportInput } from '../report-input.js';
import type { FoldResult, RunResult } from '../run-result.js';

/** Losses and macro F1 of every fold by epoch. Both losses share a scale, so that they compare. */
export function epochSection({ folds, configuration }: Pick<RunResult, 'folds' | 'configuration'>): Html {
  const { plain } = tasks[configuration.task].words;
  const losses = epochRange(folds, ['trainLoss', 'valLoss']);
  return html`<section>
    <h2>Training, fold by fold</h2>
    <p class="words">
      A dot marks the epoch whose weights were kept: the one with the highest macro F1 on the fold’s
      validation rows, and of equal ones the one with the lowest validation loss. A validation loss that rises
      while the training loss falls is overfitting.
    </p>
    ${legend(folds)}
    <div class="plots">
      ${pane('Training loss', epochCurves(folds, 'trainLoss', losses))}
      ${pane('Validation loss', epochCurves(folds, 'valLoss', losses))}
      ${pane(`Validation macro ${plain}`, epochCurves(folds, 'macroF1', epochRange(folds, ['macroF1'])))}
    </div>
  </section>`;
}

/** Per label: F1 against the threshold, and precision against recall. */
export function labelSections({ result, outOfFold }: ReportInput): Html {
  // An offset is no threshold of a class's own probability.
  if (result.classes !== undefined) return nothing;
  const thresholds = result.labels.map((label) => result.thresholds[label]!);
  const evidence = labelEvidence(outOfFold, thresholds).map((found, i) => ({
    ...found,
    label: result.labels[i] ?? '',
    threshold: thresholds[i]!,
  }));
  return html`<section>
      <h2>F1 against threshold</h2>
      <p class="words">
        Over the out-of-fold predictions, at 17 thresholds and the chosen one, which is the dot; the dotted
        line is 0.5. A flat top says that the choice hardly matters; a sharp peak, that it may be luck.
      </p>
      <div class="plots">${evidence.map(thresholdPane)}</div>
    </section>
    <section>
      <h2>Precision and recall</h2>
      <p class="words">
        Precision (up) against recall (right) over all thresholds. The dot, and the pair of numbers, is the
        tuned threshold; the dotted line the precision of guessing: the label’s share of the rows.
      </p>
      <div class="plots">${evidence.map(precisionRecallPane)}</div>
    </section>`;
}

interface LabelPane extends LabelEvidence {
  readonly label: string;
  readonly threshold: number;
}

function thresholdPane({ label, threshold, byThreshold }: LabelPane): Html {
  return pane(label, thresholdCurve(byThreshold, threshold), `chosen: ${tunedValue(threshold)}`);
}

function precisionRecallPane({ label, precisionRecall, base, chosen }: LabelPane): Html {
  const note = chosen === null ? '' : `${score(chosen.precision)} at ${score(chosen.recall)}`;
  return pane(label, precisionRecallCurve(precisionRecall, base, chosen), note);
}

function pane(title: string, plot: Html, note = ''): Html {
  return html`<figure>
    <figcaption><span>${title}</span> <small>${note}</small></figcaption>
    ${plot}
  </figure>`;
}

function legend(folds: readonly FoldResult[]): Html {
  if (folds.length === 0) return nothing;
  if (folds.length > distinctSeries) {
    return html`<p class="legend">
      ${swatch(colours.accent)} mean of ${folds.length} folds ${swatch(colours.muted)} a fold
    </p>`;
  }
  return html`<p class="legend">
    ${folds.map((fold, place) => html`<span>${swatch(seriesColour(fold, place))} fold ${cellName(fold)}</span>`)}
  </p>`;
}

function swatch(colour: string): Html {
  return html`<svg class="swatch" viewBox="0 0 14 4" aria-hidden="true">
    <rect width="14" height="4" rx="2" fill="${colour}" />
  </svg>`;
}
