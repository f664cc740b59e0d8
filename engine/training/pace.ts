import { performance } from 'node:perf_hooks';
import type { FoldMessage, FoldPhase } from './job.js';

/** Progress within a phase is told at most so often. */
const TELL_MS = 1_000;

/** How long each phase may take without progress, in seconds; for training the first step, which plans memory. */
const PATIENCE: Readonly<Record<FoldPhase, number>> = {
  preparing: 600,
  tokenising: 600,
  compiling: 900,
  training: 1_800,
  judging: 1_800,
  'writing a checkpoint': 900,
  exporting: 1_800,
};

/** Whole files are parsed then, in one go. */
const SILENT: readonly FoldPhase[] = ['preparing', 'tokenising'];

/** Once steps are known, a step or a batch may take so many times the longest step so far, … */
const LONGEST_FACTOR = 20;
/** … and at least so many seconds. */
const LEAST_SECONDS = 60;

/** Tells how a fold comes along, so that its parent can see one that is stuck. For no result depends on it. */
export class Pace {
  private phase: FoldPhase = 'preparing';
  private toldAt = -Infinity;
  /** Seconds; 0 before the first step. */
  private longestStep = 0;

  /** @param tokenizer what the phase `tokenising` is busy with, where it comes from outside */
  constructor(
    private readonly emit: (message: FoldMessage) => void,
    private readonly tokenizer?: string,
  ) {}

  /** Another phase has begun. */
  enter(phase: FoldPhase): void {
    this.phase = phase;
    this.tell();
  }

  /** Runs work of a phase, then goes back to the one before. */
  async during<T>(phase: FoldPhase, work: () => Promise<T>): Promise<T> {
    const before = this.phase;
    this.enter(phase);
    try {
      return await work();
    } finally {
      this.enter(before);
    }
  }

  /** The phase under way has come along. */
  progress(): void {
    if (performance.now() - this.toldAt >= TELL_MS) this.tell();
  }

  /** A step is done: those that follow are judged by it. */
  stepped(seconds: number): void {
    if (seconds <= this.longestStep) return;
    this.longestStep = seconds;
    this.tell();
  }

  private tell(): void {
    this.toldAt = performance.now();
    const { phase } = this;
    const { tokenizer } = this;
    const foreign = phase === 'tokenising' && tokenizer !== undefined ? { foreign: tokenizer } : {};
    const silent = SILENT.includes(phase);
    this.emit({ type: 'phase', phase, patienceSeconds: this.patience(), silent, ...foreign });
  }

  private patience(): number {
    const measured = this.phase === 'training' || this.phase === 'judging';
    if (!measured || this.longestStep === 0) return PATIENCE[this.phase];
    return Math.max(LEAST_SECONDS, LONGEST_FACTOR * this.longestStep);
  }
}
