import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { BatchFile } from './batch-file.js';
import type { Network } from './networks.js';
import type { Python } from './pytorch.js';
import { pyTorchArguments, pyTorchModes } from './pytorch.js';
import { miniLmFolder } from './sample.js';
import type { Ready, StepAnswer } from './side.js';
import { Side } from './side.js';

export type SideName = 'ours' | (typeof pyTorchModes)[number];

/** What one side took for each batch, in their order. */
export interface SideMeasurement {
  readonly ready: Ready;
  readonly steps: readonly StepAnswer[];
  readonly peakBytes: number;
}

export interface Measurement {
  readonly network: Network;
  /** Without PyTorch's sides where PyTorch is missing. */
  readonly sides: Readonly<Partial<Record<SideName, SideMeasurement>>> & { readonly ours: SideMeasurement };
  /** The best float32 product of each library, GFLOP/s. */
  readonly peaks: { readonly onnxruntime: number; readonly torch: number | null };
}

export interface ComparisonOptions {
  readonly network: Network;
  readonly batches: BatchFile;
  readonly python: Python;
  readonly threads: number;
  /** Told a line now and then. */
  readonly progress: (line: string) => void;
}

/** Steps before the measured ones: one for each of our graphs, of which there are at most two. */
const MOST_WARM_UPS = 2;

/** Threads of either library spin for a moment after their work: ms to let them fall asleep. */
const SETTLE = 50;

/** The product by which the machine's peak is measured: rows of a batch by a feed-forward layer. */
const PRODUCT = [2048, 768, 3072] as const;
const PRODUCT_ROUNDS = 3;

/** Trains the same batches on every side in turns, batch by batch: ours, padded128, longest, ours … */
export async function compare(options: ComparisonOptions): Promise<Measurement> {
  return withSides(options, starts(options), (open) =>
    measure(
      options,
      open.map((side) => ({ ...side, steps: [] })),
    ),
  );
}

/** How the process of a side is started. */
export interface SideStart<Name extends string> {
  readonly name: Name;
  readonly command: string;
  readonly args: readonly string[];
  /** Variables of its process. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** A side that stands. */
export interface OpenSide<Name extends string> {
  readonly name: Name;
  readonly side: Side;
  readonly ready: Ready;
}

type MeasuredSide = OpenSide<SideName> & { readonly steps: StepAnswer[] };

/** Starts all sides at once, works with them, and ends them. @param starts by the file of the batches */
export async function withSides<Name extends string, T>(
  { network, batches, progress }: ComparisonOptions,
  starts: (file: string, directory: string) => Promise<readonly SideStart<Name>[]>,
  work: (open: readonly OpenSide<Name>[]) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'foldwise-bench-'));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  process.once('exit', remove);
  const open: OpenSide<Name>[] = [];
  try {
    const file = join(directory, 'batches.json');
    await writeFile(file, JSON.stringify(batches));
    const all = await starts(file, directory);
    progress(`${network.name}: starting ${all.map(({ name }) => name).join(', ')}`);
    const started = await Promise.allSettled(
      all.map(async ({ name, command, args, variables }) => ({
        name,
        ...(await Side.start(name, command, args, variables)),
      })),
    );
    for (const each of started) if (each.status === 'fulfilled') open.push(each.value);
    for (const each of started) if (each.status === 'rejected') throw each.reason;
    return await work(open);
  } finally {
    await Promise.all(open.map(({ side }) => side.close()));
    process.off('exit', remove);
    remove();
  }
}

function starts({ network, python, threads, batches: { batches } }: ComparisonOptions) {
  const steps = batches.length + MOST_WARM_UPS;
  return async (file: string, directory: string): Promise<SideStart<SideName>[]> => {
    const args = ourArguments(network, file, steps, threads);
    const ours = { name: 'ours', command: process.execPath, args } as const;
    if ('missing' in python) return [ours];
    const peers = pyTorchModes.map(async (mode) => {
      const args = await pyTorchArguments({ mode, network, batches: file, directory, steps, threads });
      return { name: mode, command: python.command, args };
    });
    return [ours, ...(await Promise.all(peers))];
  };
}

export function ourArguments(network: Network, batches: string, steps: number, threads: number): string[] {
  const checkpoint = network.name === 'minilm' ? miniLmFolder() : null;
  return [
    ...[fileURLToPath(new URL('./ours.js', import.meta.url)), '--model', network.name],
    ...(checkpoint === null ? [] : ['--checkpoint', checkpoint]),
    ...['--batches', batches, '--steps', String(steps), '--threads', String(threads)],
  ];
}

async function measure(options: ComparisonOptions, open: readonly MeasuredSide[]): Promise<Measurement> {
  const { network, batches, progress } = options;
  const [ours] = open as [MeasuredSide];
  for (const batch of ours.ready.warmUps ?? []) {
    progress(`${network.name}: warming up`);
    for (const { side } of open) await settledStep(side, batch);
  }
  for (let batch = 0; batch < batches.batches.length; batch++) {
    for (const { side, steps } of open) steps.push(await settledStep(side, batch));
    const seconds = open.map(({ name, steps }) => `${name} ${steps[batch]!.seconds.toFixed(2)} s`);
    progress(`${network.name}: batch ${batch + 1} of ${batches.batches.length}: ${seconds.join(', ')}`);
  }
  const measured: Partial<Record<SideName, SideMeasurement>> = {};
  for (const { name, side, ready, steps } of open) {
    measured[name] = { ready, steps, peakBytes: await side.peakBytes() };
  }
  return { network, sides: { ...measured, ours: measured.ours! }, peaks: await peaks(open) };
}

async function settledStep(side: Side, batch: number): Promise<StepAnswer> {
  await sleep(SETTLE);
  return side.step(batch);
}

/** In turns too: whatever else the machine does meets both. */
async function peaks(open: readonly OpenSide<SideName>[]): Promise<Measurement['peaks']> {
  const best = new Map<Side, number>();
  const asked = [open[0]!, ...open.slice(1, 2)].map(({ side }) => side);
  for (let round = 0; round < PRODUCT_ROUNDS; round++) {
    for (const side of asked) {
      await sleep(SETTLE);
      best.set(side, Math.max(best.get(side) ?? 0, await side.matmul(...PRODUCT)));
    }
  }
  const [onnxruntime, torch = null] = asked.map((side) => best.get(side)!);
  return { onnxruntime: onnxruntime!, torch };
}
