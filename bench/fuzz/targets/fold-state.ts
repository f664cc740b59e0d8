import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readPosition } from '../../../engine/training/fold-state.js';
import { mutateBytes, mutateJson, mutateText } from '../mutations.js';
import type { FuzzTarget } from '../target.js';

const epoch = (number: number) => ({ epoch: number, trainLoss: 0.5, valLoss: 0.6, macroF1: 0.5 });

const sample: unknown = {
  signature: 'engine 2, onnxruntime 1.30.0, cpu, 1 threads, x64 avx2',
  step: 24,
  epochLoss: 3.5,
  history: [epoch(1), epoch(2)],
  bestEpoch: 2,
  answerRange: 0.25,
  within: { evaluations: 1, best: epoch(3), kept: true },
  keptStep: 26,
};

/** A safetensors file without tensors, whose metadata says where a fold stood. */
function stateOf(position: string): Buffer {
  const header = Buffer.from(JSON.stringify({ __metadata__: { position } }));
  const padded = Buffer.alloc(8 + Math.ceil(header.length / 8) * 8, ' ');
  padded.writeBigUInt64LE(BigInt(padded.length - 8));
  header.copy(padded, 8);
  return padded;
}

/** Where a fold stood, as the trainer that resumes it reads it from its checkpoint. */
export const foldState: FuzzTarget = {
  name: 'fold-state',
  reads: 'state of a fold',
  extension: '.safetensors',
  make(dice) {
    const kind = dice.one(['bytes', 'text', 'json', 'json', 'json'] as const);
    if (kind === 'bytes') return mutateBytes(dice, stateOf(JSON.stringify(sample)));
    if (kind === 'text') return stateOf(mutateText(dice, JSON.stringify(sample)));
    return stateOf(JSON.stringify(mutateJson(dice, sample)));
  },
  async run(input, scratch) {
    const path = join(scratch, 'state.safetensors');
    await writeFile(path, input);
    const { history, bestEpoch } = await readPosition(path);
    if (bestEpoch > history.length) throw new Error('the kept epoch is none of the history');
    return history.length;
  },
};
