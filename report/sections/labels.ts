import type { ReliabilityBin } from '../../metrics/reliability.js';
import { html, nothing, type Html } from '../html.js';
import { labelEvidence, type LabelEvidence } from '../label-evidence.js';
import { count, percent, score, tunedValue } from '../notation.js';
import { folded, pane } from '../parts.js';
import { precisionRecallCurve } from '../plots/precision-recall.js';
import { reliabilityDiagram } from '../plots/reliability-diagram.js';
import { thresholdCurve, type ThresholdPoint } from '../plots/threshold-curve.js';
import type { PageInput, Section } from '../section.js';
import type { Standing } from '../skill-words.js';
import { dataTable } from '../table.js';
import { labelAnchor, verdictClass } from './label-filter.js';

/** Up to so many labels are shown unfolded. */
const openLabels = 8;
/** So many are drawn: more would make a page that no browser likes. */
const mostDrawn = 200;

/** Per label: F1 against the threshold, precision against recall, and reliability. */
export const labelSection: Section = {
  id: 'labels',
  title: 'Label by label',
  draw: ({ result, judged }) => {
    // An offset is no threshold of a class's own probability.
    if (result.classes !== undefined) return null;
    const open = result.labels.length <= openLabels;
    const drawn = drawnLabels(result);
    return html`<p class="words">
        Over the out-of-fold predictions. <strong>F1 against threshold:</strong> the dot is the chosen
        threshold, the band where F1 is within 0.01 of it: a wide one says that the choice hardly matters, a
        narrow one that it may be luck. The dashed line is no skill, the dotted one 0.5.
        <strong>Precision against recall:</strong> the dot is the chosen threshold, the dashed line the
        precision of guessing. <strong>Reliability:</strong> how often the label was true of the rows that
        were given about that probability, with 95 % intervals; bars say how many rows those are. On the
        dotted line probabilities are
        chances.${result.calibration === undefined ? '' : ' They are those before calibration, which was fitted on these rows.'}
      </p>
      ${drawn.length === result.labels.length ? nothing : html`<p class="words">Of ${count(result.labels.length)} labels the ${drawn.length} most frequent are drawn.</p>`}
      ${drawn.map(([label, place]) => labelPart(result, judged, label, place, open))}`;
  },
};

/** The most frequent labels with their places, in their order. */
export function drawnLabels({ labels, perLabel }: PageInput['result']): [label: string, place: number][] {
  const support = (label: string) => perLabel[label]?.support ?? 0;
  return labels
    .map((label, place): [string, number] => [label, place])
    .sort(([a], [b]) => support(b) - support(a))
    .slice(0, mostDrawn)
    .sort(([, a], [, b]) => a - b);
}

const standingWords: Readonly<Record<Standing['verdict'], string>> = {
  better: 'better than no skill',
  'not-shown': 'not shown to be better than no skill',
  untold: 'never occurs',
};

function labelPart(
  { assessment, perLabel, thresholds }: PageInput['result'],
  judged: PageInput['judged'],
  label: string,
  place: number,
  open: boolean,
): Html {
  const verdict = assessment?.perLabel[label]?.verdict;
  const evidence = labelEvidence(judged, place, thresholds[label]!);
  const told = [
    `F1 ${score(perLabel[label]?.crossFitted)}`,
    ...(verdict === undefined ? [] : [standingWords[verdict]]),
    `${count(perLabel[label]?.support ?? 0)} positive rows`,
  ];
  return html`<details class="label ${verdictClass(verdict)}" ${open ? html`open` : nothing}>
    <summary>
      <span class="name">${label}</span>
      <small class="${verdict === 'not-shown' ? 'doubt' : ''}">${told.join(' · ')}</small>
    </summary>
    <div class="plots" id="${labelAnchor(place)}">${plots(evidence)}</div>
    ${folded('The numbers', numbers(label, evidence))}
  </details>`;
}

function plots({
  byThreshold,
  precisionRecall,
  base,
  chosen,
  reliability,
  ...evidence
}: LabelEvidence): Html[] {
  const [from, to] = byThreshold.plateau.map((threshold) => threshold.toFixed(2)) as [string, string];
  return [
    pane(
      'F1 against threshold',
      thresholdCurve(byThreshold),
      from === to ? `${from}` : `flat ${from} to ${to}`,
    ),
    pane(
      'Precision, recall',
      precisionRecallCurve(precisionRecall, base, chosen),
      chosen === null ? '' : `${score(chosen.precision)} at ${score(chosen.recall)}`,
    ),
    pane(
      'Reliability',
      reliabilityDiagram(reliability, evidence.calibrationError),
      `error ${score(evidence.calibrationError)}`,
    ),
  ];
}

/** What the plots show, for those who cannot see them or want to know it exactly. */
function numbers(label: string, { byThreshold, reliability }: LabelEvidence): Html {
  return html`<div class="pair">
    ${dataTable<ThresholdPoint>({
      label: `F1 by threshold of ${label}`,
      rows: gridPoints(byThreshold.points, byThreshold.chosen),
      columns: [
        { head: 'threshold', cell: ({ threshold }) => tunedValue(threshold) },
        {
          head: 'F1',
          cell: ({ f1 }) => score(f1),
          kind: ({ threshold }) => (Math.abs(threshold - byThreshold.chosen) < 1e-6 ? 'honest' : ''),
        },
      ],
    })}
    ${dataTable<ReliabilityBin>({
      label: `Reliability of ${label}`,
      rows: reliability,
      columns: [
        { head: 'probability', cell: ({ from, to }) => `${from.toFixed(2)} to ${to.toFixed(2)}` },
        { head: 'rows', cell: ({ rows }) => count(rows) },
        { head: 'mean', cell: ({ meanProbability }) => score(meanProbability) },
        { head: 'true of', cell: ({ happened }) => percent(happened) },
      ],
    })}
  </div>`;
}

/** Tenths, and the chosen threshold. */
function gridPoints(points: readonly ThresholdPoint[], chosen: number): ThresholdPoint[] {
  const shown = (t: number) =>
    Math.abs(t - chosen) < 1e-6 || (Math.abs(10 * t - Math.round(10 * t)) < 1e-6 && t > 0 && t < 1);
  return points.filter(({ threshold }) => shown(threshold));
}
