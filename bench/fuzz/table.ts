import type { Summary } from './campaign.js';

/** The summaries as a Markdown table, then each defect with the command that makes its input again. */
export function tableOf(summaries: readonly Summary[], seed: number): string {
  const rows = summaries.map(({ target, reads, inputs, verdicts, slowestMs }) => [
    target,
    reads,
    ...[inputs, verdicts.accepted, verdicts.refused, verdicts.crash, verdicts.hang, verdicts.memory].map(
      String,
    ),
    `${(slowestMs / 1000).toFixed(2)} s`,
  ]);
  const head = ['target', 'reads', 'inputs', 'accepted', 'refused', 'crash', 'hang', 'memory', 'slowest'];
  const total = summaries.reduce((sum, { inputs }) => sum + inputs, 0);
  const found = summaries.flatMap((summary) => summary.found);
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return [
    ...lines,
    '',
    `${total} inputs, ${found.length} defects`,
    ...found.flatMap(({ target, index, verdict, message }) => [
      `${verdict}: --target ${target} --seed ${seed} --print ${index}`,
      message.replaceAll(/^/gm, '  '),
    ]),
  ].join('\n');
}
