import { differences } from '../faults/outcome.js';
import { spread, type Spread } from '../step/summary.js';
import type { RunMeasurement, SideName } from './measure.js';
import { sideNames } from './measure.js';

/** Both stores in one turn. */
export type Turn = Readonly<Record<SideName, RunMeasurement>>;

export interface SideSummary {
  readonly seconds: Spread;
  readonly trainingSeconds: Spread;
  readonly writtenBytes: Spread;
  readonly calls: Spread;
  /** Of all turns together. */
  readonly checkpoints: RunMeasurement['checkpoints'];
  readonly uploadSeconds: number;
  /** Of the uploads' time, while the fold went on; null where nothing was uploaded. */
  readonly share: number | null;
  readonly stepsMeanwhile: number;
  /** Of a step meanwhile, turn by turn; null where a turn had none. */
  readonly slowdown: Spread | null;
}

export interface Summary {
  readonly what: string;
  readonly turns: number;
  readonly sides: Readonly<Record<SideName, SideSummary>>;
  /** S3's seconds by the folder's, turn by turn. */
  readonly ratio: Spread;
  /** Files that are the same on both sides in every turn, and names of those that are not. */
  readonly same: number;
  readonly differing: readonly string[];
}

export function summarise(what: string, turns: readonly Turn[]): Summary {
  const differing = turns.flatMap(({ folder, s3 }) => differences(folder.digests, s3.digests));
  const files = Object.keys(turns[0]?.folder.digests ?? {}).length;
  return {
    what,
    turns: turns.length,
    sides: {
      folder: sideSummary(turns.map(({ folder }) => folder)),
      s3: sideSummary(turns.map(({ s3 }) => s3)),
    },
    ratio: spread(turns.map(({ folder, s3 }) => s3.seconds / folder.seconds)),
    same: files - new Set(differing).size,
    differing: [...new Set(differing)],
  };
}

function sideSummary(runs: readonly RunMeasurement[]): SideSummary {
  const sum = (of: (run: RunMeasurement) => number): number => runs.reduce((all, run) => all + of(run), 0);
  const uploadSeconds = sum(({ overlap }) => overlap.uploadSeconds);
  const slowdowns = runs.flatMap(({ overlap }) => overlap.slowdown ?? []);
  return {
    seconds: spread(runs.map(({ seconds }) => seconds)),
    trainingSeconds: spread(runs.map(({ trainingSeconds }) => trainingSeconds)),
    writtenBytes: spread(runs.map(({ store }) => store.writtenBytes)),
    calls: spread(runs.map(({ store }) => store.calls)),
    checkpoints: {
      count: sum(({ checkpoints }) => checkpoints.count),
      bytes: sum(({ checkpoints }) => checkpoints.bytes),
      stoodSeconds: sum(({ checkpoints }) => checkpoints.stoodSeconds),
      kept: sum(({ checkpoints }) => checkpoints.kept),
    },
    uploadSeconds,
    share:
      uploadSeconds === 0
        ? null
        : sum(({ overlap }) => (overlap.share ?? 0) * overlap.uploadSeconds) / uploadSeconds,
    stepsMeanwhile: sum(({ overlap }) => overlap.steps),
    slowdown: slowdowns.length < runs.length || slowdowns.length === 0 ? null : spread(slowdowns),
  };
}

const header = ['', 'run s', 'least', 'most', 'training s', 'written MB', 'calls'];

/** What one pipeline cost, for people. */
export function table({ what, turns, sides, ratio, same, differing }: Summary): string {
  const rows = sideNames.map((name) => {
    const { seconds, trainingSeconds, writtenBytes, calls } = sides[name];
    return [
      name,
      ...[seconds.median, seconds.min, seconds.max, trainingSeconds.median].map((value) => value.toFixed(1)),
      megabytes(writtenBytes.median),
      calls.median.toFixed(0),
    ];
  });
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  return [
    `${what}, ${turns} ${turns === 1 ? 'pair' : 'pairs'}`,
    ...[header, ...rows].map((row) => `  ${line(row)}`),
    `  S3 took ${words(ratio)} times as long as the folder`,
    ...sideNames.flatMap((name) => checkpointLines(name, sides[name])),
    differing.length === 0
      ? `  the same bits in ${same} files`
      : `  FAILED: other bits in ${differing.join(', ')}`,
  ].join('\n');
}

function checkpointLines(name: string, side: SideSummary): string[] {
  const { count, bytes, stoodSeconds, kept } = side.checkpoints;
  if (count === 0) return [`  ${name}: no checkpoint was written`];
  const mean = (value: number, of: number): string => (value / Math.max(1, of)).toFixed(2);
  const meanwhile =
    side.share === null
      ? ''
      : `; the fold went on in ${(100 * side.share).toFixed(0)} % of that time, with ${side.stepsMeanwhile.toFixed(0)} steps`;
  const slowdown = side.slowdown === null ? '' : `, each ${words(side.slowdown)} times as long as at others`;
  return [
    `  ${name}: ${count} checkpoints of ${megabytes(bytes / count)} MB, for each of which the training stood still for ${mean(stoodSeconds, count)} s`,
    `  ${name}: ${kept} of them were kept, in ${mean(side.uploadSeconds, kept)} s each${meanwhile}${slowdown}`,
  ];
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

function words({ median, min, max }: Spread): string {
  return `${median.toFixed(2)} [${min.toFixed(2)}–${max.toFixed(2)}]`;
}
