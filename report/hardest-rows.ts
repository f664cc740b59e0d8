import { counted } from '../metrics/mixture.js';
import { tasks } from '../tasks/index.js';
import type { PageInput } from './section.js';

/** A row that the models were surely wrong about. */
export interface HardRow {
  /** Its place in the training table. */
  readonly row: number;
  /** Its place among the judged rows. */
  readonly place: number;
  /** Its mean loss out of fold, over the labels. */
  readonly loss: number;
}

/** So many are shown. */
const mostHard = 20;

/** The rows with the highest loss out of fold, the highest first; of equal ones the first of the table. */
export function hardestRows(
  { result, judged }: Pick<PageInput, 'result' | 'judged'>,
  most = mostHard,
): HardRow[] {
  const { probabilities, labels, rows, width } = judged;
  const likelihoods = tasks[result.configuration.task].likelihoods(probabilities, labels, width);
  const observations = likelihoods.length / Math.max(1, rows.length);
  const hardest: HardRow[] = [];
  for (let place = 0; place < rows.length; place++) {
    let loss = 0;
    for (let entry = place * observations; entry < (place + 1) * observations; entry++) {
      loss -= Math.log(counted(likelihoods[entry]!));
    }
    insert(hardest, { row: rows[place]!, place, loss: loss / observations }, most);
  }
  return hardest;
}

/** Keeps the list in order, and no longer than it may be. */
function insert(hardest: HardRow[], row: HardRow, most: number): void {
  if (hardest.length === most && row.loss <= (hardest.at(-1)?.loss ?? Infinity)) return;
  const at = hardest.findIndex(({ loss }) => loss < row.loss);
  hardest.splice(at < 0 ? hardest.length : at, 0, row);
  if (hardest.length > most) hardest.pop();
}
