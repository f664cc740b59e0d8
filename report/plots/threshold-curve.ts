import * as Plot from '@observablehq/plot';
import type { Html } from '../html.js';
import { score, tunedValue } from '../notation.js';
import { colours, figure } from './figure.js';

/** F1 at a threshold: those of the reference grid, and the chosen one. */
export interface ThresholdPoint {
  readonly threshold: number;
  readonly f1: number;
}

/** F1 against the threshold for one label, with the chosen threshold marked and 0.5 for comparison. */
export function thresholdCurve(points: readonly ThresholdPoint[], chosen: number): Html {
  const best = points.filter(({ threshold }) => Math.abs(threshold - chosen) < 1e-6);
  const mark = { x: 'threshold', y: 'f1' } as const;
  return figure('F1 against threshold', {
    x: {
      label: 'threshold',
      domain: [Math.min(0.1, chosen), Math.max(0.9, chosen)],
      ticks: [0.1, 0.3, 0.5, 0.7, 0.9],
    },
    y: { label: null, domain: [0, 1], ticks: 5 },
    marks: [
      Plot.ruleX([0.5], { stroke: colours.muted, strokeDasharray: '2 3' }),
      Plot.ruleX([chosen], { stroke: colours.accent, strokeOpacity: 0.5 }),
      Plot.lineY(points, { ...mark, stroke: colours.accent, strokeWidth: 2 }),
      Plot.dot(best, { ...mark, fill: colours.accent, r: 4, title: describe }),
    ],
  });
}

function describe({ threshold, f1 }: ThresholdPoint): string {
  return `${score(f1)} at ${tunedValue(threshold)}`;
}
