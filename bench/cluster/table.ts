import type { Summary } from './campaign.js';
import { faultKinds } from './fault.js';

/** The figures as lines for a person. */
export function tableOf(summary: Summary): string {
  const { faultCount, runs, seconds, costs, violations, files, lostWithStore } = summary;
  const lost = (seconds.disturbed - runs * seconds.undisturbed) / Math.max(1, faultCount);
  const kinds = faultKinds.flatMap((kind) => {
    const cost = costs[kind];
    if (cost === undefined) return [];
    const { mean, most } = cost.stalledSeconds;
    return [
      `  ${kind.padEnd(14)} ${String(cost.count).padStart(3)}   ${mean.toFixed(1).padStart(6)} s ${most.toFixed(1).padStart(6)} s`,
    ];
  });
  return [
    `${faultCount} faults in ${runs} runs; until every fold that was met went on, mean and most:`,
    ...kinds,
    `  ${seconds.undisturbed.toFixed(1)} s a run undisturbed, ${(seconds.disturbed / Math.max(1, runs)).toFixed(1)} s disturbed; ${lost.toFixed(1)} s lost per fault`,
    ...(lostWithStore === 0
      ? []
      : [
          `  the store was emptied under ${lostWithStore} of them: what they had made is lost, nothing that they gave is wrong`,
        ]),
    violations.length === 0
      ? `  the same bits in ${files} files of every run, no fold trained again that was finished`
      : '  FAILED',
    ...violations.map((violation) => `  ${violation}`),
  ].join('\n');
}
