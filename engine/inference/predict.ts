import { closeSync, openSync, writeSync } from 'node:fs';
import { openTestTable } from '../../data/prepared-table.js';
import { EnvironmentFault } from '../../errors/fault.js';
import { DeviceFault } from '../runtime/fault.js';
import { groupsOf } from './scored-together.js';
import { TextScorer, type ScorerOptions } from './text-scorer.js';

interface PredictOptions extends ScorerOptions {
  /** Told how many of the rows have been scored. */
  readonly onProgress?: (rows: number) => void;
}

/** A card has no memory for a batch. What it computes after that may be wrong: another process may try with less. */
export class BatchTooLarge extends EnvironmentFault {}

/**
 * Scores the rows of a prepared test table, some at a time.
 *
 * @param files.output what is written: probabilities `[rows, labels]` as raw little-endian float32
 * @throws BatchTooLarge where a card has no memory for a batch
 */
export async function predictTable(
  folder: string,
  files: { readonly table: string; readonly output: string },
  { onProgress, ...options }: PredictOptions,
): Promise<void> {
  const { texts, close } = openTestTable(files.table);
  const output = openSync(files.output, 'w');
  try {
    const scorer = await TextScorer.open(folder, options);
    try {
      let before = 0;
      for (const group of groupsOf(texts)) {
        const scored = await scorer
          .score(group, (rows) => onProgress?.(before + rows))
          .catch((error: unknown) => {
            throw asTooLarge(error);
          });
        before += group.length;
        const bytes = new Uint8Array(scored.buffer);
        for (let done = 0; done < bytes.length;) done += writeSync(output, bytes, done);
      }
    } finally {
      scorer.release();
    }
  } finally {
    closeSync(output);
    close();
  }
}

/**
 * Scores texts with an exported model.
 *
 * @returns probabilities `[texts, labels]`, float32, in the order given
 */
export async function predictTexts(
  folder: string,
  texts: readonly string[],
  options: ScorerOptions,
): Promise<Float32Array> {
  const scorer = await TextScorer.open(folder, options);
  try {
    return await scorer.score(texts);
  } finally {
    scorer.release();
  }
}

function asTooLarge(error: unknown): unknown {
  if (!(error instanceof DeviceFault) || error.kind !== 'memory') return error;
  return new BatchTooLarge(error.details, { cause: error });
}
