import * as Plot from '@observablehq/plot';
import type { Html } from '../html.js';
import { score, tunedValue } from '../notation.js';
import { colours, figure } from './figure.js';

/** F1 at a threshold. */
export interface ThresholdPoint {
  readonly threshold: number;
  readonly f1: number;
}

/** F1 against the threshold for one label. */
export interface ThresholdCurve {
  /** By threshold, the chosen one among them. */
  readonly points: readonly ThresholdPoint[];
  readonly chosen: number;
  /** Where around the chosen threshold F1 is hardly less than there. */
  readonly plateau: readonly [from: number, to: number];
  /** F1 without skill. */
  readonly noSkill: number;
}

/** With the chosen threshold marked, its plateau shaded, 0.5 and no skill for comparison. */
export function thresholdCurve({ points, chosen, plateau, noSkill }: ThresholdCurve): Html {
  const best = points.filter(({ threshold }) => Math.abs(threshold - chosen) < 1e-6);
  const mark = { x: 'threshold', y: 'f1' } as const;
  const words = `F1 against threshold: ${score(best[0]?.f1)} at the chosen ${tunedValue(chosen)}, hardly less from ${plateau[0].toFixed(2)} to ${plateau[1].toFixed(2)}; ${score(noSkill)} without skill.`;
  return figure(words, {
    x: { label: 'threshold', domain: [Math.min(0, chosen), Math.max(1, chosen)], ticks: 5 },
    y: { label: null, domain: [0, 1], ticks: 5 },
    marks: [
      Plot.rectY([plateau], { x1: '0', x2: '1', y1: 0, y2: 1, fill: colours.accent, fillOpacity: 0.12 }),
      Plot.ruleX([0.5], { stroke: colours.muted, strokeDasharray: '2 3' }),
      ...(Number.isFinite(noSkill)
        ? [Plot.ruleY([noSkill], { stroke: colours.noSkill, strokeDasharray: '4 3' })]
        : []),
      Plot.lineY(points, { ...mark, stroke: colours.accent, strokeWidth: 2 }),
      Plot.dot(best, { ...mark, fill: colours.accent, r: 4, title: describe }),
    ],
  });
}

function describe({ threshold, f1 }: ThresholdPoint): string {
  return `${score(f1)} at ${tunedValue(threshold)}`;
}
