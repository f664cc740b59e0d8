import * as Plot from '@observablehq/plot';
import type { Html } from '../html.js';
import { percent, score } from '../notation.js';
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
  const words =
    chosen === null
      ? 'Precision against recall: not defined at the chosen threshold.'
      : `Precision against recall: ${describe(chosen)}. Guessing has a precision of ${percent(base)}.`;
  return figure(words, {
    x: { label: 'recall', domain: [0, 1], ticks: 5 },
    y: { label: null, domain: [0, 1], ticks: 5 },
    marks: [
      Plot.ruleY([base], { stroke: colours.noSkill, strokeDasharray: '4 3' }),
      Plot.line(points, { ...mark, stroke: colours.accent, strokeWidth: 2 }),
      Plot.dot(chosen === null ? [] : [chosen], { ...mark, fill: colours.accent, r: 4, title: describe }),
    ],
  });
}

function describe({ precision, recall }: PrecisionRecallPoint): string {
  return `precision ${score(precision)}, recall ${score(recall)} at the tuned threshold`;
}
