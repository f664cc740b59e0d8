import { InputFault } from '../../errors/fault.js';
import { f1PerLabel, mean } from '../../metrics/f1.js';
import { predictedRows, selectRows } from '../../metrics/matrix.js';
import { nestedMixture, selectNested, unlearnt } from '../../metrics/nested.js';
import { score } from '../../report/notation.js';
import type { RunResult } from '../../report/run-result.js';
import { learnWeights } from '../../tasks/ensemble.js';
import { decidingOf } from '../../pipeline/thresholds.js';
import { taskWith } from '../../tasks/index.js';
import { readGroupsFile } from '../runs/groups-file.js';
import { readMembers } from '../runs/out-of-fold.js';
import { readResult } from '../runs/results.js';

/** A completed run with what it decided of each of its training rows. */
export interface JudgedRun {
  readonly result: RunResult;
  /** Ids of the training rows, in their order. */
  readonly ids: readonly string[];
  /** 0 or 1, `[rows, labels]`. */
  readonly truth: Uint8Array;
  /** The cross-fitted decisions, 0 or 1, `[rows, labels]`; 0 of rows that are not judged. */
  readonly decided: Uint8Array;
  /** By row, where rows were held out by groups. */
  readonly groups: Int32Array | null;
  /** Places of the rows that some fold predicted, ascending. */
  readonly judged: Int32Array;
}

/**
 * How far macro F1 may be from what the run wrote down: other processors round logarithms otherwise in the last
 * bit, which may turn a decision or two. Files of another run are further off.
 */
const tolerance = 0.005;

/**
 * Decides a run's rows again as its cross-fitted score did, from its out-of-fold predictions: weights,
 * calibration and thresholds of each fold are learnt on the others.
 *
 * @throws InputFault where the run's files do not give the score that it wrote down
 */
export async function readJudgedRun(directory: string): Promise<JudgedRun> {
  const result = await readResult(directory);
  const { labels, configuration, ensemble, macroF1 } = result;
  const members = await readMembers(directory, result);
  const [{ ids, labels: truth, folds }] = members;
  const width = labels.length;
  const task = taskWith(configuration.task, decidingOf(configuration));
  const matrices = members.map(({ probabilities }) => probabilities);
  const predictions = { members: matrices, truth, folds, width };
  const nested =
    ensemble === undefined
      ? unlearnt(matrices[0]!)
      : nestedMixture(matrices, learnWeights(task, predictions, ensemble.method), width);
  const judged = predictedRows(nested.final, width);
  const y = selectRows(truth, width, judged);
  const own = task.decideOutOfFold(
    selectNested(nested, width, judged),
    y,
    selectRows(folds, 1, judged),
    width,
  );
  const again = mean(f1PerLabel(y, own, width));
  if (Math.abs(again - macroF1.crossFitted) > tolerance)
    throw new InputFault({
      where: directory,
      what: 'the out-of-fold predictions do not give the cross-fitted score of result.json',
      found: score(again),
      expected: score(macroF1.crossFitted),
      remedy: 'Start the run again: it writes the files anew, and reuses what it trained.',
    });
  const decided = new Uint8Array(truth.length);
  judged.forEach((row, place) => decided.set(own.subarray(place * width, (place + 1) * width), row * width));
  return { result, ids, truth, decided, judged, groups: await readGroupsFile(directory, ids.length) };
}
