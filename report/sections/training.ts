import { tasks } from '../../tasks/index.js';
import { epochMeans, type EpochMean, type FoldRange } from '../epoch-means.js';
import { html, nothing, type Html } from '../html.js';
import { loss, score } from '../notation.js';
import { folded, legend, pane } from '../parts.js';
import { cellName, epochCurves, epochRange, seriesColour } from '../plots/epoch-curves.js';
import { colours, distinctSeries } from '../plots/figure.js';
import type { FoldResult } from '../run-result.js';
import type { Section } from '../section.js';
import { dataTable } from '../table.js';

/** Losses and macro F1 of every fold by epoch. Both losses share a scale, so that they compare. */
export const trainingSection: Section = {
  id: 'training',
  title: 'Training, epoch by epoch',
  draw: ({ result: { folds, configuration } }) => {
    const { plain } = tasks[configuration.task].words;
    const means = epochMeans(folds);
    const losses = epochRange(means, ['trainLoss', 'valLoss']);
    const scores = epochRange(means, ['macroF1']);
    return html`<p class="words">
        ${keptWords(configuration.training.bestBy)} A validation loss that rises while the training loss falls
        is overfitting; one that still falls at the end asks for more epochs.
      </p>
      ${legendOf(folds)}
      <div class="plots">
        ${pane('Training loss', epochCurves(folds, means, 'trainLoss', losses))}
        ${pane('Validation loss', epochCurves(folds, means, 'valLoss', losses))}
        ${pane(`Validation macro ${plain}`, epochCurves(folds, means, 'macroF1', scores))}
      </div>
      ${means.length === 0 ? nothing : folded('The numbers, as means over the folds', meanTable(means))}`;
  },
};

const keptBy = {
  macroF1:
    'the one with the highest macro F1 on the fold’s validation rows, and of equal ones the one with the lowest validation loss.',
  accuracy:
    'the one with the highest accuracy on the fold’s validation rows, and of equal ones the one with the lowest validation loss.',
  valLoss: 'the one with the lowest validation loss.',
  last: 'the last one.',
} as const;

function keptWords(bestBy: keyof typeof keptBy): string {
  return `A full dot marks the epoch whose weights were kept: ${keptBy[bestBy]}`;
}

function meanTable(means: readonly EpochMean[]): Html {
  const told = (range: FoldRange, notation: (value: number) => string): string =>
    range.least === range.most || Number.isNaN(range.mean)
      ? notation(range.mean)
      : `${notation(range.mean)} (${notation(range.least)} to ${notation(range.most)})`;
  return dataTable<EpochMean>({
    label: 'Means by epoch',
    rows: means,
    columns: [
      { head: 'epoch', cell: ({ epoch }) => epoch },
      { head: 'training loss', cell: ({ trainLoss }) => told(trainLoss, loss) },
      { head: 'validation loss', cell: ({ valLoss }) => told(valLoss, loss) },
      { head: 'macro F1', cell: ({ macroF1 }) => told(macroF1, score) },
      { head: 'folds', cell: ({ folds }) => folds },
      { head: 'kept by', cell: ({ kept }) => kept },
    ],
  });
}

function legendOf(folds: readonly FoldResult[]): Html {
  if (folds.length > distinctSeries) {
    return legend([[colours.accent, `mean of ${folds.length} folds, and the range they lie in`]]);
  }
  return legend(folds.map((fold, place) => [seriesColour(fold, place), `fold ${cellName(fold)}`] as const));
}
