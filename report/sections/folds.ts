import { duration, loss, score } from '../notation.js';
import { folded } from '../parts.js';
import { cellName } from '../plots/epoch-curves.js';
import type { FoldResult } from '../run-result.js';
import type { Section } from '../section.js';
import { dataTable } from '../table.js';

/** Above this many folds the table starts folded up. */
const openFolds = 25;

/** One row per trained fold: what was kept, and where and how it was trained. */
export const foldSection: Section = {
  id: 'folds',
  title: 'Folds',
  draw: ({ result: { folds } }) => {
    const kept = ({ bestEpoch, epochs }: FoldResult) => epochs.find(({ epoch }) => epoch === bestEpoch);
    const table = dataTable<FoldResult>({
      label: 'Folds',
      rows: folds,
      columns: [
        { head: 'fold', cell: cellName },
        { head: 'best epoch', cell: ({ bestEpoch, epochs }) => `${bestEpoch} of ${epochs.length}` },
        { head: 'macro F1', cell: (fold) => score(kept(fold)?.macroF1) },
        { head: 'validation loss', cell: (fold) => loss(kept(fold)?.valLoss) },
        { head: 'time', cell: ({ seconds }) => duration(seconds) },
        { head: 'device', cell: ({ device }) => device },
        { head: 'threads', cell: ({ threads }) => threads },
        { head: 'attempts', cell: ({ attempts }) => attempts },
        { head: 'seed', cell: ({ seed }) => seed },
      ],
    });
    return folds.length <= openFolds ? table : folded(`All ${folds.length} folds`, table);
  },
};
