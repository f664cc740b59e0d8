import { aligned, between, meanLoss, targetLine } from '../table.js';
import type { DeviceSideName } from './compare.js';
import type { DeviceSideSummary, DeviceSummary } from './summary.js';

const titles: Readonly<Record<DeviceSideName, string>> = {
  ours: 'foldwise',
  processor: 'foldwise',
  padded128: 'PyTorch, padded to 128',
  longest: 'PyTorch, to the longest',
};

const header = [
  ...['a step', 'seconds', 'min', 'max', 'the first', 'host', 'waiting', 'nothing queued', 'computing'],
  ...['launches', 'on the device', 'counted', 'process', 'mean loss'],
];

/** A network's results on a device, for people. */
export function deviceTable({ network, device, precision, sides, ratios, targets }: DeviceSummary): string {
  const names = (Object.keys(titles) as DeviceSideName[]).filter((name) => sides[name] !== undefined);
  const { card, driver } = sides.ours;
  const compared = names.flatMap((name) => {
    const ratio = ratios[name];
    return ratio === undefined
      ? []
      : [`  ${rowTitle(name, sides[name]!)} by ours: ${between(ratio, 2)} times`];
  });
  return [
    `${network} on ${device}, ${precision}: ${card ?? 'this machine’s processor'}${driver === null ? '' : `, ${driver}`}`,
    ...aligned([header, ...names.map((name) => row(name, sides[name]!))]).map((line) => `  ${line}`),
    ...compared,
    ...(device === 'webgpu'
      ? ['  PyTorch has no WebGPU: it computes on the processor, as ours does beside.']
      : []),
    ...(targets.length > 0 ? ['  targets, by the median:'] : []),
    ...targets.map((target) => `    ${targetLine(target)}`),
  ].join('\n');
}

function rowTitle(name: DeviceSideName, { device, precision }: DeviceSideSummary): string {
  return `${titles[name]}, ${device} ${precision}`;
}

function row(name: DeviceSideName, side: DeviceSideSummary): string[] {
  const { seconds, firstSeconds, hostSeconds, waitingSeconds, emptyShare, kernelShare } = side;
  const times = [seconds.median, seconds.min, seconds.max, firstSeconds, hostSeconds, waitingSeconds];
  return [
    rowTitle(name, side),
    ...times.map((value) => told(value, (given) => given.toFixed(3))),
    ...[emptyShare, kernelShare].map((value) => told(value, (share) => `${(100 * share).toFixed(0)} %`)),
    told(side.launches, (count) => count.toFixed(0)),
    ...[side.deviceBytes, side.counted?.['total'] ?? null, side.peakBytes].map((value) =>
      told(value, (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`),
    ),
    meanLoss(side.losses),
  ];
}

function told(value: number | null, text: (value: number) => string): string {
  return value === null ? '–' : text(value);
}
