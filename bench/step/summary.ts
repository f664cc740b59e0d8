import { scratchFamily } from '../../engine/models/families.js';
import type { BatchFile } from './batch-file.js';
import type { Measurement, SideMeasurement, SideName } from './compare.js';
import { pyTorchModes } from './pytorch.js';
import { usefulFlops } from './flops.js';
import type { NetworkName } from './networks.js';
import { peakShareTarget } from './networks.js';

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface SideSummary {
  readonly seconds: Spread;
  /** Per batch. */
  readonly secondsPerStep: readonly number[];
  /** Per batch; null where not finite. */
  readonly losses: readonly (number | null)[];
  readonly peakBytes: number;
  /** Numbers under training: for ours without the rows of the vocabulary that never occur. */
  readonly parameters: number;
}

export interface Target {
  readonly what: string;
  readonly target: number;
  readonly measured: number;
  readonly met: boolean;
}

export interface Summary {
  readonly network: NetworkName;
  readonly tokens: Spread;
  readonly sides: Readonly<Partial<Record<SideName, SideSummary>>> & { readonly ours: SideSummary };
  /** PyTorch's seconds by ours, batch by batch. */
  readonly ratios: Readonly<Partial<Record<SideName, Spread>>>;
  readonly work: {
    /** Useful GFLOP a step (flops.ts). */
    readonly gflop: Spread;
    readonly gflopsPerSecond: Spread;
    readonly peaks: Measurement['peaks'];
    /** Of the better of the two peaks. */
    readonly shareOfPeak: Spread;
  };
  readonly targets: readonly Target[];
}

export function summarise(measurement: Measurement, file: BatchFile): Summary {
  const { network, sides, peaks } = measurement;
  const lengths = file.batches.map(({ tokens }) => tokens.map((text) => text.length));
  const ours = sideSummary(sides.ours);
  const summaries: Partial<Record<SideName, SideSummary>> = {};
  const ratios: Partial<Record<SideName, Spread>> = {};
  for (const mode of pyTorchModes) {
    const side = sides[mode];
    if (side === undefined) continue;
    summaries[mode] = sideSummary(side);
    ratios[mode] = spread(side.steps.map(({ seconds }, i) => seconds / ours.secondsPerStep[i]!));
  }
  const partial = {
    network: network.name,
    tokens: spread(lengths.map((batch) => batch.reduce((sum, length) => sum + length, 0))),
    sides: { ...summaries, ours },
    ratios,
    work: work(measurement, lengths, file.batches[0]?.labels[0]?.length ?? 0, peaks),
  };
  return { ...partial, targets: targets(partial, measurement) };
}

/** Of at least one number. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return {
    median: (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2,
    min: sorted[0]!,
    max: sorted.at(-1)!,
  };
}

function sideSummary({ ready, steps, peakBytes }: SideMeasurement): SideSummary {
  const secondsPerStep = steps.map(({ seconds }) => seconds);
  return {
    seconds: spread(secondsPerStep),
    secondsPerStep,
    losses: steps.map(({ loss }) => loss),
    peakBytes,
    parameters: ready.parameters,
  };
}

function work(
  { network, sides }: Measurement,
  lengths: readonly (readonly number[])[],
  labels: number,
  peaks: Measurement['peaks'],
): Summary['work'] {
  const family = scratchFamily(network.type);
  const classifier = family.classifier(family.scratchConfig(network.sizes), labels);
  const gflop = lengths.map((batch) => usefulFlops(network.sizes, classifier, batch) / 1e9);
  const rates = gflop.map((work, i) => work / sides.ours.steps[i]!.seconds);
  const peak = Math.max(peaks.onnxruntime, peaks.torch ?? 0);
  return {
    gflop: spread(gflop),
    gflopsPerSecond: spread(rates),
    peaks,
    shareOfPeak: spread(rates.map((rate) => rate / peak)),
  };
}

function targets(
  { sides, ratios, work }: Omit<Summary, 'targets'>,
  { network }: Measurement,
): readonly Target[] {
  const speed = pyTorchModes.flatMap((mode): Target[] => {
    const ratio = ratios[mode];
    if (ratio === undefined) return [];
    const target = network.targets[mode];
    return [{ what: `times ${mode}`, target, measured: ratio.median, met: ratio.median >= target }];
  });
  const memory = pyTorchModes.flatMap((mode): Target[] => {
    const side = sides[mode];
    if (side === undefined) return [];
    const measured = sides.ours.peakBytes / side.peakBytes;
    return [{ what: `of the memory of ${mode}, at most`, target: 1, measured, met: measured <= 1 }];
  });
  const { median } = work.shareOfPeak;
  const share = {
    what: 'of the matrix peak',
    target: peakShareTarget,
    measured: median,
    met: median >= peakShareTarget,
  };
  return [...speed, ...memory, share];
}
