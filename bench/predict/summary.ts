import { spread, type Spread } from '../step/summary.js';
import type { Measurement } from './compare.js';
import { sideNames, titles, type SideName } from './sides.js';

export interface SideSummary {
  readonly version: string | null;
  readonly textsPerSecond: Spread;
  /** Seconds of a single text; null where none was asked for. */
  readonly latency: { readonly p50: number; readonly p95: number } | null;
  readonly peakBytes: number;
  readonly difference: number;
  /** Its seconds by ours, chunk by chunk. */
  readonly ratio: Spread;
}

export interface Aim {
  readonly what: string;
  readonly aim: number;
  readonly measured: number;
  readonly met: boolean;
}

export interface Summary {
  readonly model: string;
  readonly sides: Readonly<Partial<Record<SideName, SideSummary | { readonly missing: string }>>>;
  readonly aims: readonly Aim[];
}

export function summarise(model: string, chunk: number, measured: Measurement): Summary {
  const { ours } = measured;
  if (ours === undefined || 'missing' in ours) throw new TypeError('our own side is always measured');
  const sides: Partial<Record<SideName, SideSummary | { missing: string }>> = {};
  for (const name of sideNames) {
    const side = measured[name];
    if (side === undefined) continue;
    if ('missing' in side) sides[name] = side;
    else {
      const { version, peakBytes, difference, seconds, latencies } = side;
      sides[name] = {
        version,
        peakBytes,
        difference,
        textsPerSecond: spread(seconds.map((value) => chunk / value)),
        latency:
          latencies.length === 0 ? null : { p50: quantile(latencies, 0.5), p95: quantile(latencies, 0.95) },
        ratio: spread(seconds.map((value, i) => value / ours.seconds[i]!)),
      };
    }
  }
  return { model, sides, aims: aims(sides) };
}

/** The value below which that share of them lies. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

function aims(sides: Summary['sides']): Aim[] {
  const wanted = [
    ['pytorch', 'times as fast as PyTorch padded to the longest', 3, (ratio: number) => ratio],
    ['transformers.js', 'times as fast as transformers.js', 2, (ratio: number) => ratio],
    ['int8', 'times as fast in int8 as in float32', 1.6, (ratio: number) => 1 / ratio],
  ] as const;
  return wanted.flatMap(([name, what, aim, of]): Aim[] => {
    const side = sides[name];
    if (side === undefined || 'missing' in side) return [];
    const measured = of(side.ratio.median);
    return [{ what, aim, measured, met: measured >= aim }];
  });
}

const header = ['', 'texts/s', 'least', 'most', 'p50 ms', 'p95 ms', 'memory', 'time by ours', 'difference'];

/** A model's results for people. */
export function table({ model, sides, aims }: Summary): string {
  const names = sideNames.filter((name) => sides[name] !== undefined);
  const rows = names.flatMap((name) => {
    const side = sides[name]!;
    return 'missing' in side ? [] : [row(titles[name], side)];
  });
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map((cells) => cells[column]!.length)),
  );
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  return [
    model,
    ...[header, ...rows].map((cells) => `  ${line(cells)}`),
    ...names.flatMap((name) => {
      const side = sides[name]!;
      return 'missing' in side ? [`  ${titles[name]}: missing (${side.missing})`] : [];
    }),
    ...aims.map(
      ({ what, aim, measured, met }) =>
        `  ${met ? 'met    ' : 'not met'}  ${measured.toFixed(2)} ${what} (aim ${aim})`,
    ),
  ].join('\n');
}

function row(
  title: string,
  { textsPerSecond, latency, peakBytes, ratio, difference }: SideSummary,
): string[] {
  const ms = (seconds: number | undefined): string =>
    seconds === undefined ? '' : (seconds * 1000).toFixed(1);
  return [
    title,
    ...[textsPerSecond.median, textsPerSecond.min, textsPerSecond.max].map((value) => value.toFixed(1)),
    ms(latency?.p50),
    ms(latency?.p95),
    `${(peakBytes / 2 ** 20).toFixed(0)} MiB`,
    `${ratio.median.toFixed(2)} [${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)}]`,
    difference.toExponential(0),
  ];
}
