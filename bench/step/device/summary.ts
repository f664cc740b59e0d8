import { processor, type DeviceName } from '../../../engine/device/device.js';
import type { NetworkName } from '../networks.js';
import { pyTorchModes } from '../pytorch.js';
import { spread, type Spread, type Target } from '../summary.js';
import type { DeviceMeasurement, DeviceSide, DeviceSideName, Precision } from './compare.js';

/** PyTorch's seconds by ours that are aimed at on a card of a data centre, at the same precision. */
export const deviceTargets = { padded128: 3, longest: 1.2 } as const;

export interface DeviceSideSummary {
  readonly device: DeviceName;
  readonly precision: Precision;
  readonly card: string | null;
  readonly driver: string | null;
  /** Of a step: over the turns, of which each is a mean over the batches. */
  readonly seconds: Spread;
  /** The first of all steps. */
  readonly firstSeconds: number;
  /**
   * Of a step, in which the host did not wait for the device; null where there is none to wait for. Ours on CUDA: besides
   * runs, which the host gives and waits for in one.
   */
  readonly hostSeconds: number | null;
  readonly waitingSeconds: number | null;
  /** Of the time of steps: with nothing given to the device. Null where it cannot be told. */
  readonly emptyShare: number | null;
  /** Of the time: in which the device computed, as a profile of one step says. */
  readonly kernelShare: number | null;
  /** Kernels that a step starts. */
  readonly launches: number | null;
  /** On the device, as its driver (ours) or the allocator (PyTorch's) says. */
  readonly deviceBytes: number | null;
  /** On the device, counted from what is allocated. */
  readonly counted: Readonly<Record<string, number>> | null;
  /** The largest resident size of the process. */
  readonly peakBytes: number;
  readonly losses: readonly (number | null)[];
}

export interface DeviceSummary {
  readonly network: NetworkName;
  readonly device: DeviceName;
  readonly precision: Precision;
  readonly sides: Readonly<Partial<Record<DeviceSideName, DeviceSideSummary>>> & {
    readonly ours: DeviceSideSummary;
  };
  /** Their seconds by ours, turn by turn. */
  readonly ratios: Readonly<Partial<Record<DeviceSideName, Spread>>>;
  /** None but on CUDA. */
  readonly targets: readonly Target[];
}

/** @param count batches of a turn */
export function summariseDevice(measurement: DeviceMeasurement, count: number): DeviceSummary {
  const { network, device, precision, peerDevice, sides } = measurement;
  const placed = (name: DeviceSideName): Pick<DeviceSideSummary, 'device' | 'precision'> => {
    const there = name === 'ours' ? device : name === 'processor' ? processor : peerDevice;
    return { device: there, precision: there === device ? precision : 'float32' };
  };
  const summaries: Partial<Record<DeviceSideName, DeviceSideSummary>> = {};
  const ratios: Partial<Record<DeviceSideName, Spread>> = {};
  for (const [name, side] of Object.entries(sides) as [DeviceSideName, DeviceSide][]) {
    summaries[name] = { ...placed(name), ...sideSummary(side, count) };
    if (name === 'ours') continue;
    ratios[name] = spread(side.runs.map(({ seconds }, turn) => seconds / sides.ours.runs[turn]!.seconds));
  }
  const targets = pyTorchModes.flatMap((mode): Target[] => {
    const ratio = ratios[mode];
    if (ratio === undefined || !device.startsWith('cuda:')) return [];
    const target = deviceTargets[mode];
    return [{ what: `times ${mode}`, target, measured: ratio.median, met: ratio.median >= target }];
  });
  return {
    network: network.name,
    device,
    precision,
    sides: { ...summaries, ours: summaries.ours! },
    ratios,
    targets,
  };
}

function sideSummary(
  { first, runs, facts, peakBytes }: DeviceSide,
  count: number,
): Omit<DeviceSideSummary, 'device' | 'precision'> {
  const seconds = spread(runs.map((run) => run.seconds / count));
  const steps = runs.length * count;
  const total = runs.reduce((sum, run) => sum + run.seconds, 0);
  const sumOf = (part: 'waiting' | 'empty' | 'launches'): number | null =>
    runs.reduce<number | null>(
      (sum, { [part]: value }) => (sum === null || value === undefined ? null : sum + value),
      0,
    );
  // PyTorch on a processor waits for nothing, though it is asked for what it computes last.
  const [waiting, empty] = facts.card === null ? [null, null] : [sumOf('waiting'), sumOf('empty')];
  const launches = sumOf('launches');
  const { kernelSeconds = null, counted = null } = facts;
  return {
    card: facts.card,
    driver: facts.driver,
    seconds,
    firstSeconds: first.seconds,
    hostSeconds: waiting === null ? null : (total - waiting) / steps,
    waitingSeconds: waiting === null ? null : waiting / steps,
    emptyShare: empty === null ? null : empty / total,
    kernelShare: kernelSeconds === null ? null : kernelSeconds / seconds.median,
    launches: launches === null ? (facts.launches ?? null) : launches / steps,
    deviceBytes: facts.deviceBytes,
    counted,
    peakBytes,
    losses: runs.flatMap(({ losses }) => losses),
  };
}
