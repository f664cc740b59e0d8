import type { SideName } from './compare.js';
import type { SideSummary, Spread, Summary, Target } from './summary.js';

const titles: Readonly<Record<SideName, string>> = {
  ours: 'foldwise',
  padded128: 'PyTorch, padded to 128',
  longest: 'PyTorch, padded to the longest',
};

const header = ['seconds a step', 'median', 'min', 'max', 'peak memory', 'trained', 'mean loss'];

/** A network's results for people. */
export function table(summary: Summary): string {
  const { network, sides, tokens, ratios, work, targets } = summary;
  const names = Object.keys(titles) as SideName[];
  const rows = names.flatMap((name) => {
    const side = sides[name];
    return side === undefined ? [] : [sideRow(titles[name], side)];
  });
  const compared = names.flatMap((name) => {
    const ratio = ratios[name];
    return ratio === undefined ? [] : [`  ${titles[name]}, by ours: ${between(ratio, 2)} times`];
  });
  return [
    `${network}: ${sides.ours.losses.length} batches, ${between(tokens, 0)} tokens a step`,
    ...aligned([header, ...rows]).map((row) => `  ${row}`),
    ...compared,
    `  work asked for: ${between(work.gflop, 1)} GFLOP a step; done: ${between(work.gflopsPerSecond, 1)} GFLOP/s`,
    `  matrix peak: ${peaks(work.peaks)}; share of the best: ${between(work.shareOfPeak, 2)}`,
    '  targets, by the median:',
    ...targets.map((target) => `    ${targetLine(target)}`),
  ].join('\n');
}

function sideRow(title: string, { seconds, peakBytes, parameters, losses }: SideSummary): string[] {
  const times = [seconds.median, seconds.min, seconds.max].map((value) => value.toFixed(3));
  return [
    title,
    ...times,
    `${(peakBytes / 2 ** 20).toFixed(0)} MiB`,
    `${(parameters / 1e6).toFixed(1)} M`,
    meanLoss(losses),
  ];
}

export function meanLoss(losses: readonly (number | null)[]): string {
  const finite = losses.filter((loss) => loss !== null);
  if (finite.length < losses.length) return `${losses.length - finite.length} NOT FINITE`;
  return (finite.reduce((sum, loss) => sum + loss, 0) / finite.length).toFixed(3);
}

function peaks({ onnxruntime, torch }: Summary['work']['peaks']): string {
  const ours = `ONNX Runtime ${onnxruntime.toFixed(0)} GFLOP/s`;
  return torch === null ? ours : `${ours}, PyTorch ${torch.toFixed(0)} GFLOP/s`;
}

export function targetLine({ what, target, measured, met }: Target): string {
  return `${met ? 'met    ' : 'not met'}  ${measured.toFixed(2)} ${what} (target ${target})`;
}

export function between({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} [${min.toFixed(digits)}–${max.toFixed(digits)}]`;
}

/** Columns as wide as their widest cell, all but the first to the right. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
}
