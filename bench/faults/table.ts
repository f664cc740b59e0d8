import { faultKinds } from './fault.js';
import type { Summary } from './summary.js';

/** The figures of one subject, as lines for a person. */
export function tableOf(summary: Summary): string {
  const { faults, runs, steps, seconds, checkpointPercent, violations } = summary;
  const kinds = faultKinds.flatMap((kind) => (faults[kind] ? [`${kind} ${faults[kind]}`] : []));
  const lines: [string, string][] = [
    ['faults', `${summary.faultCount} in ${runs} runs: ${kinds.join(', ')}`],
    ['work repeated', `${steps.repeated} of ${steps.needed} steps (${steps.percent.toFixed(1)} %)`],
    [
      'time',
      `${seconds.undisturbed.toFixed(1)} s undisturbed, ${(seconds.disturbed / runs).toFixed(1)} s disturbed; ${seconds.lostPerFault.toFixed(1)} s lost per fault`,
    ],
    ['until one trained again', downLine(summary)],
    ['most training lost', unsavedLine(summary)],
    [
      'checkpoints',
      `${checkpointPercent.undisturbed.toFixed(2)} % of training time undisturbed, ${checkpointPercent.disturbed.toFixed(2)} % at one per ${summary.checkpointEvery} s`,
    ],
    [
      'result',
      violations.length === 0 ? `the same bits in ${summary.files} files, nothing left over` : 'FAILED',
    ],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return [
    summary.subject,
    ...lines.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`),
    ...violations.map((violation) => `  ${violation}`),
  ].join('\n');
}

function downLine({ downSeconds }: Summary): string {
  const parts = faultKinds.flatMap((kind) => {
    const down = downSeconds[kind];
    return down === undefined ? [] : [`${kind} ${down.mean.toFixed(1)} s (${down.most.toFixed(1)})`];
  });
  return parts.length === 0 ? 'no fold was met' : `mean (most): ${parts.join(', ')}`;
}

function unsavedLine({ mostUnsavedSeconds, checkpointEvery, longestCheckpointSeconds }: Summary): string {
  if (mostUnsavedSeconds === null) return 'none';
  return `${mostUnsavedSeconds.toFixed(2)} s by one kill; a checkpoint every ${checkpointEvery} s takes up to ${longestCheckpointSeconds.toFixed(2)} s`;
}
