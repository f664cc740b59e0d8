import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { InputFault } from '../../errors/fault.js';
import { notJudged } from './epoch-choice.js';
import type { FoldSetup } from './fold-setup.js';
import type { Position } from './fold-state.js';
import { checkState, readState, verify, writeState } from './fold-state.js';
import type { HashedFile, FoldCheckpoint, FoldJob } from './job.js';
import { restoreKeptEpoch, writeKeptEpoch } from './kept-epoch.js';
import { secondLink } from './second-link.js';

/** Unless set otherwise, at least so many seconds apart … */
const LEAST_SECONDS = 60;
/** … and so many times as long as the last one took, which keeps their cost below 2.5 %. */
const COST_FACTOR = 40;

/**
 * A fold's checkpoints in its work directory. Each is a folder of its own whose files whoever takes it may
 * move away; the kept epoch therefore goes into it as a second link.
 */
export class FoldCheckpoints {
  readonly position: Position;
  private kept: HashedFile | null = null;
  private writtenAt = performance.now();
  /** Seconds that the last one took, with the epochs kept for it. */
  private cost = 0;
  /** Seconds spent on keeping epochs since then. */
  private keepingCost = 0;

  constructor(
    private readonly job: FoldJob,
    private readonly setup: FoldSetup,
    private readonly warn: (message: string) => void,
  ) {
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

  /** Whether it is time for the next one. */
  due(): boolean {
    const { checkpointEvery } = this.job.training;
    return this.seconds() >= (checkpointEvery ?? Math.max(LEAST_SECONDS, COST_FACTOR * this.cost));
  }

  /** Whether an epoch's end is to be kept: always, but for epochs so short that it would cost too much. */
  dueAfterEpoch(): boolean {
    return this.job.training.checkpointEvery !== null || this.seconds() >= COST_FACTOR * this.cost;
  }

  /** Since the last one. */
  private seconds(): number {
    return (performance.now() - this.writtenAt) / 1000;
  }

  async write(): Promise<FoldCheckpoint> {
    const start = performance.now();
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
    this.writtenAt = performance.now();
    this.cost = (this.writtenAt - start) / 1000 + this.keepingCost;
    this.keepingCost = 0;
    return { step: this.position.step, state, best };
  }

  /** Keeps the weights as they are now as the best epoch's. */
  async keep(probabilities: Float32Array): Promise<void> {
    const start = performance.now();
    this.kept = await writeKeptEpoch(this.keptPath, this.setup.trainer, probabilities);
    this.keepingCost += (performance.now() - start) / 1000;
  }

  /** Puts the kept epoch back into the trainer. @returns its validation probabilities */
  async restoreKept(): Promise<Float32Array> {
    return restoreKeptEpoch(this.keptPath, this.setup.trainer);
  }

  private get keptPath(): string {
    return join(this.job.workDirectory, 'kept.safetensors');
  }

  private async adopt(best: HashedFile): Promise<void> {
    await secondLink(best.path, this.keptPath);
    this.kept = { ...best, path: this.keptPath };
  }
}

/** Not with its parents: where the work directory is gone, another attempt has taken the fold over. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}
