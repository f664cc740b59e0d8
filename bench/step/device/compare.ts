import { processor, webGpu, type DeviceName } from '../../../engine/device/device.js';
import { processVariables } from '../../../engine/device/cuda/process-variables.js';
import type { ComputePrecision } from '../../../engine/precision/precision.js';
import { ourArguments, withSides, type ComparisonOptions, type SideStart } from '../compare.js';
import { pyTorchArguments, pyTorchModes } from '../pytorch.js';
import type { Facts, RunAnswer } from '../side.js';
import type { Network } from '../networks.js';

/** `processor`: ours, beside another device. */
export type DeviceSideName = 'ours' | 'processor' | (typeof pyTorchModes)[number];

export const precisions = ['float32', 'float16'] as const satisfies readonly ComputePrecision[];

export type Precision = (typeof precisions)[number];

export interface DeviceComparison extends ComparisonOptions {
  readonly device: DeviceName;
  readonly precision: Precision;
  /** How often each side trains on all batches, besides the first time. */
  readonly turns: number;
}

/** Trainings on all batches before those that are measured: in the second a run is recorded, where a device records. */
const warmUps = 3;

export interface DeviceSide {
  /** The first of all steps: whatever is compiled for it is in it. */
  readonly first: RunAnswer;
  /** Of all batches, turn by turn; they were trained on before. */
  readonly runs: readonly RunAnswer[];
  readonly facts: Facts;
  readonly peakBytes: number;
}

export interface DeviceMeasurement {
  readonly network: Network;
  readonly device: DeviceName;
  readonly precision: Precision;
  /** What PyTorch computes on: it knows nothing of WebGPU. */
  readonly peerDevice: DeviceName;
  readonly sides: Readonly<Partial<Record<DeviceSideName, DeviceSide>>> & { readonly ours: DeviceSide };
}

/** Trains the same batches on every side in turns, all of them at once: ours, padded128, longest, ours … */
export async function compareOnDevice(options: DeviceComparison): Promise<DeviceMeasurement> {
  const { network, batches, device, precision, turns, progress } = options;
  const count = batches.batches.length;
  const peerDevice = device === webGpu ? processor : device;
  const all = starts({ ...options, steps: (warmUps + turns) * count }, peerDevice);
  return withSides(options, all, async (open) => {
    const first = new Map<string, RunAnswer>();
    const runs = new Map<string, RunAnswer[]>(open.map(({ name }) => [name, []]));
    for (const { name, side } of open) {
      progress(`${network.name}: ${name}, warming up`);
      first.set(name, await side.run(0, 1));
      await side.run(1, count - 1);
      for (let time = 1; time < warmUps; time++) await side.run(time * count, count);
    }
    for (let turn = 1; turn <= turns; turn++) {
      for (const { name, side } of open) {
        const run = await side.run((warmUps - 1 + turn) * count, count);
        runs.get(name)!.push(run);
        const each = (run.seconds / count).toFixed(3);
        progress(`${network.name}: ${name}, turn ${turn} of ${turns}: ${each} s a step`);
      }
    }
    const sides: Partial<Record<DeviceSideName, DeviceSide>> = {};
    for (const { name, side } of open) {
      const peakBytes = await side.peakBytes();
      const facts = await side.facts();
      sides[name] = { first: first.get(name)!, runs: runs.get(name)!, facts, peakBytes };
    }
    return { network, device, precision, peerDevice, sides: { ...sides, ours: sides.ours! } };
  });
}

/** How each side is started. */
function starts(
  { device, precision, ...options }: DeviceComparison & { readonly steps: number },
  peerDevice: DeviceName,
): (file: string, directory: string) => Promise<SideStart<DeviceSideName>[]> {
  const { network, python, threads, steps } = options;
  return async (batches, directory) => {
    const ours = (on: DeviceName, as: Precision): string[] => [
      ...ourArguments(network, batches, steps, threads),
      ...['--device', on, '--precision', as],
    ];
    const own: SideStart<DeviceSideName>[] = [
      {
        name: 'ours',
        command: process.execPath,
        args: ours(device, precision),
        variables: processVariables(device),
      },
    ];
    if (device === webGpu)
      own.push({ name: 'processor', command: process.execPath, args: ours(processor, 'float32') });
    if ('missing' in python) return own;
    const peers = pyTorchModes.map(async (mode): Promise<SideStart<DeviceSideName>> => {
      const args = await pyTorchArguments({ mode, network, batches, directory, steps, threads });
      const as = peerDevice === device ? precision : 'float32';
      return {
        name: mode,
        command: python.command,
        args: [...args, '--device', peerDevice, '--precision', as],
      };
    });
    return [...own, ...(await Promise.all(peers))];
  };
}
