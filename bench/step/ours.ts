import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { processor, type Device, type DeviceName } from '../../engine/device/device.js';
import { parseDevices } from '../../engine/device/choice.js';
import { openDevice } from '../../engine/device/open.js';
import type { Classifier } from '../../engine/models/family.js';
import { openRuntime } from '../../engine/runtime/open.js';
import type { ComputePrecision } from '../../engine/precision/precision.js';
import type { Runtime } from '../../engine/runtime/runtime.js';
import { linearWarmup } from '../../engine/schedules/schedule.js';
import { CompactVocabulary } from '../../engine/inference/compact-vocabulary.js';
import { packBatch } from '../../engine/inference/batch.js';
import { shapesOfTraining } from '../../engine/inference/batch-shapes.js';
import { Trainer, type TextBatch } from '../../engine/training/trainer.js';
import type { BatchFile } from './batch-file.js';
import { readBatchFile } from './batch-file.js';
import { DeviceFacts } from './device/facts.js';
import { watched } from './device/watched-device.js';
import { networks } from './networks.js';
import type { NetworkName } from './networks.js';
import { pretrainedModel, randomModel } from './our-model.js';
import { bestProduct } from './product.js';
import { training } from './training.js';

/** Our side, as a process of its own: answers the lines that pytorch_step.py answers, in the same words. */
interface OurSide {
  readonly runtime: Runtime;
  readonly trainer: Trainer;
  readonly facts: DeviceFacts;
  readonly batches: readonly { readonly texts: readonly Int32Array[]; readonly labels: number[][] }[];
  readonly threads: number;
  /** Length of the schedule. */
  readonly steps: number;
  taken: number;
}

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    checkpoint: { type: 'string' },
    batches: { type: 'string' },
    steps: { type: 'string' },
    threads: { type: 'string' },
    device: { type: 'string', default: processor },
    precision: { type: 'string', default: 'float32' },
  },
});

const file = await readBatchFile(values.batches ?? '');
const side = await setUp(file, Number(values.threads), Number(values.steps));
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'exit') break;
  say(await answer(side, line.split(' ')));
}
process.exit(0);

async function setUp(file: BatchFile, threads: number, steps: number): Promise<OurSide> {
  const labels = file.batches[0]?.labels[0]?.length ?? 0;
  const network = networks[values.model as NetworkName];
  const { checkpoint } = values;
  const model =
    checkpoint === undefined ? randomModel(network, labels) : await pretrainedModel(checkpoint, labels);
  const vocabulary = CompactVocabulary.of([Int32Array.from(file.vocabulary)]);
  const [name] = parseDevices(values.device, '--device');
  const seen = watched(await openDevice(name as DeviceName, { threads }));
  const { device } = seen;
  // That of the device: a process has one.
  const runtime = openRuntime();
  const precision = values.precision as ComputePrecision;
  const trainer = await Trainer.create({
    device,
    classifier: model.classifier,
    vocabulary: vocabulary.size,
    loss: 'binaryCrossEntropy',
    dropout: true,
    mostTokens: file.mostTokens,
    precision,
    optimizer: { weightDecay: training.weightDecay, maxGradNorm: training.maxGradNorm },
  });
  await model.load(trainer, vocabulary.rows);
  const batches = file.batches.map(({ tokens, labels }) => ({
    texts: tokens.map((text) => vocabulary.compact(Int32Array.from(text))),
    labels,
  }));
  say({
    ready: true,
    onnxruntime: runtime.version,
    threads,
    parameters: trainer.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    warmUps: oneOfAKind(batches, model.classifier, device),
  });
  const facts = new DeviceFacts(seen, model.classifier, vocabulary.size, precision);
  return { runtime, trainer, facts, batches, threads, steps, taken: 0 };
}

/**
 * A batch for each graph in use, and on a device that gains of alike runs for each shape: what comes once in a whole
 * training comes with its first step.
 */
function oneOfAKind(batches: OurSide['batches'], classifier: Classifier, device: Device): number[] {
  const shapes = shapesOfTraining(device, classifier);
  const kinds = batches.map(({ texts }) => {
    const { groups, sizes } = packBatch(texts, classifier, shapes ?? 2);
    return shapes === null ? String(groups.length) : JSON.stringify(sizes);
  });
  return [...new Set(kinds)].map((kind) => kinds.indexOf(kind));
}

async function answer(side: OurSide, [command, ...args]: readonly string[]): Promise<object> {
  if (command === 'step') return step(side, Number(args[0]), null);
  if (command === 'run') return run(side, Number(args[0]), Number(args[1]));
  if (command === 'facts') return side.facts.of(side.batches.map(({ texts }) => texts));
  if (command === 'peak') return { peakBytes: process.resourceUsage().maxRSS * 1024 };
  const [m = 0, k = 0, n = 0] = args.map(Number);
  if (command === 'matmul') return bestProduct(side.runtime, [m, k, n], side.threads);
  throw new TypeError(
    `expected step <i>, run <i> <n>, facts, peak, matmul <m> <k> <n> or exit, found ${command}`,
  );
}

/**
 * Trains on batch `index`: all that a step of a fold does, from token ids to moved weights.
 *
 * @param next the batch of the step after it, where there is one: a fold tells it, too
 */
async function step(
  side: OurSide,
  index: number,
  next: number | null,
): Promise<{ seconds: number; loss: number }> {
  const batch = batchOf(side, index);
  const start = performance.now();
  const { learningRate, warmupRatio, seed } = training;
  const warmUp = Math.trunc(warmupRatio * side.steps);
  const rate = linearWarmup(side.taken, learningRate, warmUp, side.steps);
  const settings = { learningRate: rate, averageShare: null, step: side.taken++, key: [seed, 1] as const };
  const following = next === null ? undefined : batchOf(side, next);
  const { loss } = await side.trainer.stepOver([batch], settings, undefined, following);
  return { seconds: (performance.now() - start) / 1000, loss };
}

function batchOf({ batches }: OurSide, index: number): TextBatch {
  const { texts, labels } = batches[index % batches.length]!;
  return { texts, targets: labels };
}

/** Trains on so many batches, one after the other, and tells what of it the device was seen to take. */
async function run(side: OurSide, first: number, count: number): Promise<object> {
  const before = side.facts.begin();
  const losses: (number | null)[] = [];
  let seconds = 0;
  for (let index = first; index < first + count; index++) {
    const taken = await step(side, index, index + 1 < first + count ? index + 1 : null);
    seconds += taken.seconds;
    losses.push(taken.loss);
  }
  return { seconds, losses, ...side.facts.since(before) };
}

function say(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
