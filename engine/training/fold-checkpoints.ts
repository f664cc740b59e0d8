import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputFault } from '../../errors/fault.js';
import { CheckpointInterval } from './checkpoint-interval.js';
import { notJudged } from './epoch-choice.js';
import type { FoldSetup } from './fold-setup.js';
import type { Position } from './fold-state.js';
import { checkState, readState, verify, writeState } from './fold-state.js';
import type { HashedFile, FoldCheckpoint, FoldJob } from './job.js';
import { restoreKeptEpoch, takeJudged, writeKeptEpoch } from './kept-epoch.js';
import { secondLink } from './second-link.js';
import type { Trainer } from './trainer.js';

/**
 * A fold's checkpoints in its work directory. Each is a folder of its own whose files whoever takes it may
 * move away; the kept epoch therefore goes into it as a second link.
 */
export class FoldCheckpoints {
  readonly position: Position;
  /** When the next one is to be written. */
  readonly interval: CheckpointInterval;
  private kept: HashedFile | null = null;
  /** Validation probabilities of the weights as they are, where these are the best and no file has them yet. */
  private unwritten: Float32Array | null = null;

  constructor(
    private readonly job: FoldJob,
    private readonly setup: FoldSetup,
    private readonly warn: (message: string) => void,
  ) {
    this.interval = new CheckpointInterval(job.training.checkpointEvery, checkpointBytes(setup.trainer));
    this.position = {
      step: 0,
      epochLoss: 0,
      lossless: 0,
      skipped: [],
      history: [],
      bestEpoch: 0,
      answerRange: 0,
      within: notJudged,
      keptStep: null,
      microBatch: setup.microBatch,
    };
  }

  /** Takes up the newest checkpoint that is whole and fits this engine; says why where one does not. */
  async resume(): Promise<Position> {
    const { trainer, signature, microBatch } = this.setup;
    const { batchSize } = this.job.training;
    for (const { step, state, best } of this.job.resume) {
      try {
        if (best !== null) await verify(best);
        await checkState(state, { signature, batchSize, microBatch });
      } catch (error) {
        if (!(error instanceof InputFault)) throw error;
        this.warn(`the checkpoint of step ${step} is not used: ${error.message}`);
        continue;
      }
      Object.assign(this.position, await readState(state, trainer.state), { microBatch });
      if (best !== null) await this.adopt(best);
      break;
    }
    return this.position;
  }

  async write(): Promise<FoldCheckpoint> {
    await this.writeKept();
    return this.interval.writing(() => this.writeFiles());
  }

  private async writeFiles(): Promise<FoldCheckpoint> {
    const { trainer, signature } = this.setup;
    const folder = join(
      this.job.workDirectory,
      `checkpoint-${this.position.step}-${this.position.history.length}`,
    );
    await makeFolder(folder);
    const state = await writeState(
      join(folder, 'state.safetensors'),
      trainer.state,
      this.position,
      signature,
    );
    const best = this.kept === null ? null : { ...this.kept, path: join(folder, 'best.safetensors') };
    if (best !== null && this.kept !== null) await secondLink(this.kept.path, best.path);
    return { step: this.position.step, state, best };
  }

  /** The weights as they are now are the best epoch's: to be kept in a file before a step changes them. */
  keep(probabilities: Float32Array): void {
    this.unwritten = probabilities;
  }

  /** Whether what is to be kept has no file yet. */
  get isKeeping(): boolean {
    return this.unwritten !== null;
  }

  async writeKept(): Promise<void> {
    const probabilities = this.unwritten;
    if (probabilities === null) return;
    this.kept = await this.interval.keeping(() =>
      writeKeptEpoch(this.keptPath, this.setup.trainer, probabilities),
    );
    this.unwritten = null;
  }

  /** Puts the kept epoch back into the trainer: of the last one nothing was changed since. @returns its validation probabilities */
  async restoreKept(): Promise<Float32Array> {
    const { trainer } = this.setup;
    if (this.unwritten === null) return restoreKeptEpoch(this.keptPath, trainer);
    await takeJudged(trainer);
    return this.unwritten;
  }

  private get keptPath(): string {
    return join(this.job.workDirectory, 'kept.safetensors');
  }

  private async adopt(best: HashedFile): Promise<void> {
    await secondLink(best.path, this.keptPath);
    this.kept = { ...best, path: this.keptPath };
  }
}

/** With a kept epoch. */
function checkpointBytes({ state, trained }: Trainer): number {
  const numbers = (arrays: readonly { readonly shape: readonly number[] }[]): number =>
    arrays.reduce((sum, { shape }) => sum + shape.reduce((product, dim) => product * dim, 1), 0);
  return 4 * (numbers(state.entries) + numbers(trained));
}

/** Not with its parents: where the work directory is gone, another attempt has taken the fold over. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}
