import * as Plot from '@observablehq/plot';
import { cellId } from '../../pipeline/matrix.js';
import type { EpochMean } from '../epoch-means.js';
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
 * One measure against the epoch: a line per fold, the kept epoch a full dot; of many folds their range, and their
 * mean. `domain` holds the scale still where two figures are to be compared.
 */
export function epochCurves(
  folds: readonly FoldResult[],
  means: readonly EpochMean[],
  measure: EpochMeasure,
  domain: readonly [number, number],
): Html {
  const last = Math.max(1, ...means.map(({ epoch }) => epoch));
  return figure(inWords(means, measure), {
    // Half an epoch to both sides: two epochs are then no steep wall.
    x: { label: 'epoch', domain: [0.5, last + 0.5], ticks: wholeTicks(last), tickFormat: 'd' },
    y: { label: null, domain: [...domain], nice: true, ticks: 5 },
    color: { type: 'identity' },
    marks: folds.length > distinctSeries ? ofMany(means, measure) : ofFew(folds, measure),
  });
}

function ofFew(folds: readonly FoldResult[], measure: EpochMeasure): Plot.Markish[] {
  const points = folds.flatMap((fold, place) => epochPoints(fold, measure, place));
  const place = { x: 'epoch', y: 'value', z: 'cell' } as const;
  const title = (point: EpochPoint) => describe(point, measure);
  const [kept, others] = [points.filter((point) => point.kept), points.filter((point) => !point.kept)];
  const few = points.length <= 12 * folds.length;
  return [
    Plot.lineY(points, { ...place, stroke: 'colour', strokeWidth: 1.5 }),
    ...(few ? [Plot.dot(others, { ...place, fill: 'var(--card)', stroke: 'colour', r: 2.5, title })] : []),
    Plot.dot(kept, { ...place, fill: 'colour', r: 4, title }),
  ];
}

function ofMany(means: readonly EpochMean[], measure: EpochMeasure): Plot.Markish[] {
  const points = means.map(({ epoch, [measure]: told }) => ({ epoch, ...told }));
  return [
    Plot.areaY(points, { x: 'epoch', y1: 'least', y2: 'most', fill: colours.accent, fillOpacity: 0.15 }),
    Plot.lineY(points, { x: 'epoch', y: 'mean', stroke: colours.accent, strokeWidth: 2.5 }),
    Plot.dot(points, { x: 'epoch', y: 'mean', fill: colours.accent, r: 2.5 }),
  ];
}

/** The range of one or more measures over all folds, for a scale that figures share; never a sliver. */
export function epochRange(means: readonly EpochMean[], measures: readonly EpochMeasure[]): [number, number] {
  const told = means.flatMap((mean) => measures.map((measure) => mean[measure]));
  const low = told.reduce((least, range) => Math.min(least, range.least), Infinity);
  const high = told.reduce((most, range) => Math.max(most, range.most), -Infinity);
  if (!(low <= high)) return [0, 1];
  // A wobble in the third decimal is to look like one.
  const lacking = Math.max(0, leastSpan - (high - low)) / 2;
  const from = Math.max(0, low - lacking);
  return [from, Math.max(high + lacking, from + leastSpan)];
}

const leastSpan = 0.1;

const measureNames: Readonly<Record<EpochMeasure, string>> = {
  trainLoss: 'Training loss',
  valLoss: 'Validation loss',
  macroF1: 'Validation macro F1 at 0.5',
};

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

function describe({ cell, epoch, value, kept }: EpochPoint, measure: EpochMeasure): string {
  const shown = measure === 'macroF1' ? score(value) : loss(value);
  return `Fold ${cell}, epoch ${epoch}${kept ? ' (kept)' : ''}: ${shown}`;
}

function inWords(means: readonly EpochMean[], measure: EpochMeasure): string {
  const told = (mean: EpochMean | undefined) =>
    measure === 'macroF1' ? score(mean?.[measure].mean) : loss(mean?.[measure].mean);
  const [first, last] = [means[0], means.at(-1)];
  return `${measureNames[measure]} by epoch: in the mean ${told(first)} in epoch ${first?.epoch ?? 0}, ${told(last)} in epoch ${last?.epoch ?? 0}.`;
}

function wholeTicks(last: number): number[] {
  const stride = Math.ceil(last / 8);
  return Array.from({ length: Math.ceil(last / stride) }, (_, i) => 1 + i * stride);
}
