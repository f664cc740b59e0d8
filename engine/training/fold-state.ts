import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { InputFault } from '../../errors/fault.js';
import { openSafetensors, writeSafetensors } from '../checkpoint/safetensors.js';
import { readSafetensorsMetadata } from '../checkpoint/safetensors-metadata.js';
import type { StateEntry, TrainingState } from '../device/training-state.js';
import { notJudged, type WithinEpoch } from './epoch-choice.js';
import type { HashedFile, EpochMetrics } from './job.js';

/** Where a fold stands. With the state of its training it is all that training depends on. */
export interface Position {
  /** Optimizer steps done. */
  step: number;
  /** Sum of the batch losses of the epoch under way, of the steps that had a finite one. */
  epochLoss: number;
  /** Steps of the epoch under way that had none. */
  lossless: number;
  /** The steps, counted from 0, that taught nothing: loss or gradients were too large for float16. */
  skipped: number[];
  /** Epochs done and judged. */
  history: EpochMetrics[];
  /** 1 …, of the kept epoch; 0 before the first ends. */
  bestEpoch: number;
  /** `answerRange` of the last judgement. */
  answerRange: number;
  /** Of the epoch under way. */
  within: WithinEpoch;
  /** The steps done when the kept weights were taken, where that was before their epoch's end. */
  keptStep: number | null;
  /** Texts that pass at once; null of a checkpoint from before they could be fewer than the batch. */
  microBatch: number | null;
}

const metricsSchema = z.object({
  epoch: z.number(),
  trainLoss: z.number(),
  valLoss: z.number(),
  macroF1: z.number(),
  accuracy: z.number().exactOptional(),
});

const positionSchema = z
  .object({
    signature: z.string(),
    step: z.number().int().min(0),
    epochLoss: z.number(),
    lossless: z.number().int().min(0).default(0),
    skipped: z.array(z.number().int().min(0)).default([]),
    history: z.array(metricsSchema),
    bestEpoch: z.number().int().min(0),
    answerRange: z.number(),
    // Checkpoints from before an epoch could be judged more than once have none of these.
    within: z
      .object({
        evaluations: z.number().int().min(0),
        best: metricsSchema.nullable(),
        kept: z.boolean(),
      })
      .default(notJudged),
    keptStep: z.number().int().min(0).nullable().default(null),
    microBatch: z.number().int().min(1).nullable().default(null),
  })
  .refine(({ history, bestEpoch }) => bestEpoch <= history.length, 'the kept epoch is one of the history');

/** As the array is called in a checkpoint. */
function nameOf({ array, parameter }: StateEntry): string {
  return `${array}/${parameter}`;
}

/** Writes everything a resumed fold needs, whole or not at all; whoever keeps the file flushes it. */
export async function writeState(
  path: string,
  state: TrainingState,
  position: Position,
  signature: string,
): Promise<HashedFile> {
  const tensors = state.entries.map((entry) => ({
    name: nameOf(entry),
    shape: entry.shape,
    data: () => state.read(entry.array, entry.parameter),
  }));
  const metadata = { position: JSON.stringify({ ...position, signature }) };
  const write = () => writeSafetensors(path, tensors, metadata, { flush: false });
  return { path, ...(await state.snapshot(write)) };
}

/** What a checkpoint must have been made by to be gone on from. */
export interface MadeBy {
  readonly signature: string;
  /** Texts of a batch, and those of it that pass at once. */
  readonly batchSize: number;
  readonly microBatch: number;
}

/** @throws InputFault where the file is damaged, or was made by another engine, device, thread count or micro-batch */
export async function checkState(
  file: HashedFile,
  { signature, batchSize, microBatch }: MadeBy,
): Promise<void> {
  await verify(file);
  const { signature: made, microBatch: passed } = await readPosition(file.path);
  if (made !== signature) {
    const what = 'it was made by another engine, device or number of threads';
    throw new InputFault({ where: file.path, what, found: made, expected: signature });
  }
  if ((passed ?? batchSize) === microBatch) return;
  const what = 'it was made with other micro-batches';
  throw new InputFault({
    where: file.path,
    what,
    found: `${passed ?? batchSize}`,
    expected: `${microBatch}`,
  });
}

/** Reads a checked state back into the training. */
export async function readState({ path }: HashedFile, state: TrainingState): Promise<Position> {
  const reader = await openSafetensors(path);
  try {
    for (const entry of state.entries)
      await state.write(entry.array, entry.parameter, await reader.read(nameOf(entry)));
  } finally {
    await reader.close();
  }
  const { signature, ...position } = await readPosition(path);
  return position;
}

/** @throws InputFault where there is none that can be read */
export async function readPosition(path: string): Promise<z.infer<typeof positionSchema>> {
  const { position = 'null' } = await readSafetensorsMetadata(path);
  const read = positionSchema.safeParse(parsed(position));
  if (read.success) return read.data;
  throw new InputFault({ where: path, what: 'the checkpoint does not say where its fold stood' });
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

/** @throws InputFault where the file is not the one that was written */
export async function verify({ path, sha256, bytes }: HashedFile): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => -1,
  );
  const hash = createHash('sha256');
  if (size === bytes) for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  if (size !== bytes || hash.digest('hex') !== sha256) {
    throw new InputFault({
      where: path,
      what: 'the checkpoint is damaged',
      remedy: 'The one before it is used.',
    });
  }
}
