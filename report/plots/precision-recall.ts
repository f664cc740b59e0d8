import * as Plot from '@observablehq/plot';
import type { Html } from '../html.js';
import { score } from '../notation.js';
import { colours, figure } from './figure.js';

export interface PrecisionRecallPoint {
  readonly precision: number;
  readonly recall: number;
}

/**
 * Precision against recall for one label. `base` is the share of positive rows: the precision of
 * guessing. `chosen` is the point of the tuned threshold; null where it is not defined.
 */
export function precisionRecallCurve(
  points: readonly PrecisionRecallPoint[],
  base: number,
  chosen: PrecisionRecallPoint | null,
): Html {
  const mark = { x: 'recall', y: 'precision' } as const;
  return figure('Precision against recall', {
    x: { label: 'recall', domain: [0, 1], ticks: 5 },
    y: { label: null, domain: [0, 1], ticks: 5 },
    marks: [
      Plot.ruleY([base], { stroke: colours.muted, strokeDasharray: '2 3' }),
      Plot.line(thin(points), { ...mark, stroke: colours.accent, strokeWidth: 2 }),
      Plot.dot(chosen === null ? [] : [chosen], { ...mark, fill: colours.accent, r: 4, title: describe }),
    ],
  });
}

/** At most this many points are drawn: a pixel's worth of each is enough, and pages stay small. */
const drawnPoints = 300;

function thin(points: readonly PrecisionRecallPoint[]): readonly PrecisionRecallPoint[] {
  const stride = Math.ceil(points.length / drawnPoints);
  return points.filter((_, i) => i % stride === 0 || i === points.length - 1);
}

function describe({ precision, recall }: PrecisionRecallPoint): string {
  return `precision ${score(precision)}, recall ${score(recall)} at the tuned threshold`;
}
