import * as Plot from '@observablehq/plot';
import { shareInterval, type ReliabilityBin } from '../../metrics/reliability.js';
import type { Html } from '../html.js';
import { count, percent, score } from '../notation.js';
import { colours, figure } from './figure.js';

/** The share of the height that the bin with most rows takes. */
const barHeight = 0.22;

/**
 * How often it happened against the mean probability, by bins, each with its 95 % interval; below, how many rows a
 * bin holds. On the diagonal probabilities are chances.
 */
export function reliabilityDiagram(bins: readonly ReliabilityBin[], error: number): Html {
  const most = Math.max(1, ...bins.map(({ rows }) => rows));
  const drawn = bins.map((bin) => {
    const [low, high] = shareInterval(bin.happened, bin.rows);
    return { ...bin, low, high, bar: (barHeight * bin.rows) / most };
  });
  const words = `Reliability: ${bins.length} bins hold rows; the calibration error is ${score(error)}.`;
  return figure(words, {
    x: { label: 'probability', domain: [0, 1], ticks: 5 },
    y: { label: null, domain: [0, 1], ticks: 5 },
    marks: [
      Plot.rectY(drawn, {
        x1: 'from',
        x2: 'to',
        y1: 0,
        y2: 'bar',
        fill: colours.muted,
        fillOpacity: 0.3,
        insetLeft: 1,
      }),
      Plot.line(
        [
          [0, 0],
          [1, 1],
        ],
        { stroke: colours.muted, strokeDasharray: '2 3' },
      ),
      Plot.ruleX(drawn, {
        x: 'meanProbability',
        y1: 'low',
        y2: 'high',
        stroke: colours.accent,
        strokeOpacity: 0.5,
      }),
      Plot.line(drawn, { x: 'meanProbability', y: 'happened', stroke: colours.accent, strokeWidth: 1.5 }),
      Plot.dot(drawn, { x: 'meanProbability', y: 'happened', fill: colours.accent, r: 3, title: describe }),
    ],
  });
}

function describe({ rows, meanProbability, happened }: ReliabilityBin): string {
  return `${count(rows)} rows: probability ${score(meanProbability)}, true of ${percent(happened)}`;
}
