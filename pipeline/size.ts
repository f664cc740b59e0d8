import { foldTotal } from './folds.js';
import { axesOf, combinationsOf, memberCount, mostEpochs } from './matrix.js';
import type { Pipeline } from './pipeline.js';
import type { Path, Problem } from './problem.js';
import { pipelineLimits } from './schema.js';

/**
 * What a run of many cells asks of Temporal. The bytes and events are what `npm run scale` measures, and a
 * fifth more. The pipeline and what the folds give travel by reference, so that neither grows a message.
 */
const bytesOf = { receipt: 600, epoch: 130, shown: 230 } as const;
const eventsOf = { run: 500, cell: 6, epoch: 4 } as const;

/** The server ends a run of 51,200 events. */
const mostEvents = 50_000;

/** A message of 1.9 MB is taken, one of 2.2 MB is refused. */
const messageBytes = 1_900_000;

/** The server holds 2,000 activities of a run at most, and takes 4 MiB of calls at once. */
export const mostUnderWay = 500;

/** Bytes of what the workflow is told of one cell, at most. */
export function receiptBytes(epochs: number): number {
  return bytesOf.receipt + epochs * bytesOf.epoch;
}

/** Cells that one look-up asks for: what it answers travels in one message. */
export function lookupCells(epochs: number): number {
  return Math.max(1, Math.floor(messageBytes / 2 / receiptBytes(epochs)));
}

/** Bytes of what the query `progress` tells of one cell, at most: it answers of all in one message. */
function shownBytes(epochs: number, longestName: number): number {
  return bytesOf.shown + 3 * longestName + epochs * bytesOf.epoch;
}

/** Too many cells or epochs for the history of one run, or for an answer about it. */
export function sizeProblems(pipeline: Pipeline): Problem[] {
  const { folds, steps } = pipeline;
  const epochs = mostEpochs(pipeline);
  const members = memberCount(axesOf(pipeline));
  const total = foldTotal(folds);
  const cells = total * members;
  const names = members > 1 ? combinationsOf(axesOf(pipeline)).map(({ id }) => id.length) : [0];
  const most = Math.min(
    Math.floor((mostEvents - eventsOf.run) / (eventsOf.cell + epochs * eventsOf.epoch)),
    Math.floor(messageBytes / shownBytes(epochs, Math.max(...names))),
  );
  if (total > pipelineLimits.folds) {
    const expected = `at most ${Math.floor(pipelineLimits.folds / folds.count)} with ${folds.count} folds`;
    return [problem(['folds', 'repeats'], String(folds.repeats), expected)];
  }
  if (cells <= most) return [];
  const why = 'what a run may take of Temporal';
  if (members > 1) {
    const step = Object.keys(steps).find((name) => steps[name]!.matrix !== undefined)!;
    const expected = `at most ${most} cells with ${epochs} epochs: ${why}`;
    return [problem(['steps', step, 'matrix'], `${cells} cells`, expected)];
  }
  if (total > folds.count && most >= folds.count) {
    const expected = `at most ${Math.floor(most / folds.count)} with ${folds.count} folds of ${epochs} epochs: ${why}`;
    return [problem(['folds', 'repeats'], String(folds.repeats), expected)];
  }
  if (most >= fewestFolds)
    return [problem(['folds', 'count'], String(cells), `at most ${most} with ${epochs} epochs: ${why}`)];
  const fewer = Math.floor(((mostEvents - eventsOf.run) / cells - eventsOf.cell) / eventsOf.epoch);
  const expected = `at most ${fewer} with ${cells} folds: ${why}`;
  return [problem(['training', 'epochs'], String(epochs), expected)];
}

const fewestFolds = 2;

function problem(path: Path, found: string, expected: string): Problem {
  return { path, found, expected };
}
