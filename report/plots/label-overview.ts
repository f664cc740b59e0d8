import * as Plot from '@observablehq/plot';
import { noSkill } from '../../metrics/no-skill.js';
import type { Html } from '../html.js';
import { colours, figure } from './figure.js';

/** A label as a point of the overview. */
export interface OverviewPoint {
  /** Its share of the rows. */
  readonly share: number;
  readonly f1: number;
  readonly better: boolean;
}

/**
 * Every label by how often it occurs and by its F1, with what no skill gets by the share: the labels of which nothing
 * is known lie on that line.
 */
export function labelOverview(points: readonly OverviewPoint[]): Html {
  const shown = points.filter(({ share, f1 }) => share > 0 && Number.isFinite(f1));
  const least = Math.min(0.1, ...shown.map(({ share }) => share));
  const steps = Array.from({ length: 60 }, (_, step) => least ** (1 - step / 59));
  const line = steps.map((share) => ({ share, f1: noSkill(share, 1).always }));
  const of = (better: boolean) => shown.filter((point) => point.better === better);
  const mark = { x: 'share', y: 'f1' } as const;
  const words = `F1 by share of the rows: ${of(true).length} labels are shown to lie above the line of no skill, ${of(false).length} are not.`;
  return figure(words, {
    width: 900,
    height: 300,
    marginLeft: 44,
    // The label of the axis stands above its highest number.
    marginTop: 26,
    x: { type: 'log', label: 'share of the rows', tickFormat: '~p', domain: [least, 1], ticks: 6 },
    y: { label: 'cross-fitted F1', domain: [0, 1], ticks: 5 },
    marks: [
      Plot.line(line, { ...mark, stroke: colours.noSkill, strokeDasharray: '4 3' }),
      Plot.dot(of(false), { ...mark, stroke: colours.noSkill, r: 4, symbol: 'times', strokeWidth: 2 }),
      Plot.dot(of(true), { ...mark, fill: colours.accent, fillOpacity: 0.75, r: 4 }),
    ],
  });
}
