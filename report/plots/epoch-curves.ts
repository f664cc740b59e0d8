import * as Plot from '@observablehq/plot';
import { cellId } from '../../pipeline/matrix.js';
import type { Html } from '../html.js';
import { loss, score } from '../notation.js';
import type { FoldResult } from '../run-result.js';
import { colours, distinctSeries, figure } from './figure.js';

export type EpochMeasure = 'trainLoss' | 'valLoss' | 'macroF1';

interface EpochPoint {
  readonly cell: string;
  readonly colour: string;
  readonly epoch: number;
  readonly value: number;
  /** The epoch whose weights were kept. */
  readonly kept: boolean;
}

/**
 * One measure against the epoch, a line per fold, the kept epoch dotted. `domain` holds the scale
 * still where two figures are to be compared.
 */
export function epochCurves(
  folds: readonly FoldResult[],
  measure: EpochMeasure,
  domain: readonly [number, number],
): Html {
  const points = folds.flatMap((fold, place) => epochPoints(fold, measure, place));
  const last = Math.max(1, ...folds.flatMap((fold) => fold.epochs.map(({ epoch }) => epoch)));
  const many = folds.length > distinctSeries;
  const colour = (point: EpochPoint) => (many ? colours.muted : point.colour);
  const place = { x: 'epoch', y: 'value', z: 'cell' } as const;
  return figure(`${measureNames[measure]} by epoch`, {
    x: { label: 'epoch', domain: [1, Math.max(last, 2)], ticks: wholeTicks(last), tickFormat: 'd' },
    y: { label: null, domain: [...domain], nice: true, ticks: 5 },
    color: { type: 'identity' },
    marks: [
      Plot.lineY(points, {
        ...place,
        stroke: colour,
        strokeOpacity: many ? Math.max(0.08, 6 / folds.length) : 1,
      }),
      ...(many ? [Plot.lineY(points, Plot.groupX({ y: 'mean' }, meanLine))] : []),
      Plot.dot(
        points.filter(({ kept }) => kept),
        {
          ...place,
          fill: colour,
          r: many ? 1.5 : 3.5,
          title: (point: EpochPoint) => describe(point, measure),
        },
      ),
    ],
  });
}

/** The range of one or more measures over all folds, for a scale that figures share. */
export function epochRange(
  folds: readonly FoldResult[],
  measures: readonly EpochMeasure[],
): [number, number] {
  const values = measures.flatMap((measure) =>
    folds.flatMap((fold, place) => epochPoints(fold, measure, place).map(({ value }) => value)),
  );
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (low > high) return [0, 1];
  return low === high ? [low - 0.05, high + 0.05] : [low, high];
}

const measureNames: Readonly<Record<EpochMeasure, string>> = {
  trainLoss: 'Training loss',
  valLoss: 'Validation loss',
  macroF1: 'Validation macro F1 at 0.5',
};

const meanLine = { x: 'epoch', y: 'value', stroke: colours.accent, strokeWidth: 2.5 } as const;

/** How a fold is called: `3`, or `seed-42/3` where there are several members. */
export function cellName({ member = '', fold }: FoldResult): string {
  return cellId({ member, fold });
}

/** A fold keeps its colour where another was skipped; the folds of several members have the colours in turn. */
export function seriesColour({ member, fold }: FoldResult, place: number): string {
  return colours.series(member === undefined ? fold - 1 : place);
}

function epochPoints(fold: FoldResult, measure: EpochMeasure, place: number): EpochPoint[] {
  const { epochs, bestEpoch } = fold;
  return epochs
    .map((metrics) => ({
      cell: cellName(fold),
      colour: seriesColour(fold, place),
      epoch: metrics.epoch,
      // A non-finite number is null once it has been in result.json.
      value: metrics[measure] ?? Number.NaN,
      kept: metrics.epoch === bestEpoch,
    }))
    .filter(({ value }) => Number.isFinite(value));
}

function describe({ cell, epoch, value }: EpochPoint, measure: EpochMeasure): string {
  const shown = measure === 'macroF1' ? score(value) : loss(value);
  return `Fold ${cell}, epoch ${epoch} (kept): ${shown}`;
}

function wholeTicks(last: number): number[] {
  const stride = Math.ceil(last / 8);
  return Array.from({ length: Math.ceil(last / stride) }, (_, i) => 1 + i * stride);
}
