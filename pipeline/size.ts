import type { Pipeline } from './pipeline.js';
import type { Problem } from './problem.js';

/**
 * What a run of many folds asks of Temporal. The bytes are what `npm run scale` measures, and a fifth
 * more: a fold gives 1.9 kB and a tenth of that per epoch, and is told its pipeline and 0.8 kB.
 */
const bytesOf = { fold: 2_300, epoch: 120, call: 1_000 } as const;

/** Bytes of what one fold gives, at most. */
export function foldBytes(epochs: number): number {
  return bytesOf.fold + epochs * bytesOf.epoch;
}

/** A message of 1.9 MB is taken, one of 2.2 MB is refused. */
const messageBytes = 1_900_000;

/** The calls of all folds go to the server at once; it takes 4 MiB. */
const callsBytes = 3_900_000;

const fewestFolds = 2;

/** Too many folds or epochs for what all folds give to travel in one message, as it does. */
export function sizeProblems(pipeline: Pipeline): Problem[] {
  const { folds, training } = pipeline;
  const own = Buffer.byteLength(JSON.stringify(pipeline));
  const together = messageBytes - own - bytesOf.call;
  const most = Math.min(
    Math.floor(together / foldBytes(training.epochs)),
    Math.floor(callsBytes / (own + bytesOf.call)),
  );
  if (folds.count <= most) return [];
  if (most >= fewestFolds) {
    const expected = `at most ${most} with ${training.epochs} epochs: what the folds give has to fit into a message of Temporal's`;
    return [{ path: ['folds', 'count'], found: String(folds.count), expected }];
  }
  const epochs = Math.floor((together / folds.count - bytesOf.fold) / bytesOf.epoch);
  const expected = `at most ${epochs} with ${folds.count} folds: the results of all epochs have to fit into a message of Temporal's`;
  return [{ path: ['training', 'epochs'], found: String(training.epochs), expected }];
}
