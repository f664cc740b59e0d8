import type { EpochFinished } from '../activities/contracts.js';
import type { FoldReceipt, Thresholds, TrainedFold } from '../activities/outputs.js';
import type { EpochMetrics } from '../engine/training/job.js';
import type { PlannedStep } from '../pipeline/dag.js';
import { cellId, type Cell } from '../pipeline/matrix.js';
import type { CellProgress, Progress, RunState, StepProgress, StepState } from './progress.js';

/** A person's answer to a failure. */
export type Decision = 'retry' | 'skip';

/** One activity of a step: the step itself, or one cell of its matrix. */
export class BoardCell {
  state: StepState = 'pending';
  message: string | null = null;
  epochs: readonly EpochMetrics[] = [];
  /** Set while the run waits for a person, by the update that answers. */
  decision: Decision | null = null;
  awaitsDecision = false;
  /** Reruns that a person asked for. */
  retries = 0;
  output: unknown = null;

  constructor(
    readonly step: PlannedStep,
    /** Null for a plain step. */
    readonly cell: Cell | null,
    /** How the server knows it, where it is not to know its name. */
    private readonly alias: string | null = null,
  ) {}

  /** How it is called within its step; empty for a plain one. */
  get id(): string {
    return this.cell === null ? '' : cellId(this.cell);
  }

  get name(): string {
    return this.cell === null ? this.step.name : `${this.step.name}-${this.id}`;
  }

  get activityId(): string {
    const name = this.alias ?? this.name;
    return this.retries === 0 ? name : `${name}-retry-${this.retries}`;
  }

  get summary(): string {
    if (this.cell === null) return this.step.name;
    const { member, fold } = this.cell;
    const folds = this.step.cells.filter((cell) => cell.member === member).length;
    return `${this.step.name} ${fold} of ${folds}${member === '' ? '' : `, ${member}`}`;
  }

  become(state: StepState, message: string | null = null): void {
    this.state = state;
    this.message = message;
  }

  finish(state: 'completed' | 'reused', output: unknown): void {
    this.become(state, state === 'reused' ? 'an earlier result was reused' : null);
    this.output = output;
    if (this.step.output === 'fold') this.epochs = (output as TrainedFold | FoldReceipt).epochs;
  }

  /** An epoch that is done again, after a resume, replaces its former self and all after it. */
  addEpoch(metrics: EpochMetrics): void {
    this.epochs = [...this.epochs.filter(({ epoch }) => epoch < metrics.epoch), metrics];
  }

  get bestF1(): number | null {
    const scores = this.epochs.map(({ macroF1 }) => macroF1).filter((score) => Number.isFinite(score));
    return scores.length === 0 ? null : Math.max(...scores);
  }
}

/** The state of every step and fold of one run: what the workflow knows and what it shows. */
export class Board {
  readonly cells: ReadonlyMap<string, readonly BoardCell[]>;
  private readonly byId: ReadonlyMap<string, BoardCell>;
  /** Signals that were none of a fold's. */
  ignored = 0;
  private outcome: 'completed' | 'failed' | 'cancelled' | null = null;

  constructor(
    readonly run: string,
    readonly pipeline: string,
    readonly steps: readonly PlannedStep[],
    /** Of each fold. */
    private readonly epochs: number,
    /** Whether ids of activities, which are never encrypted, tell places in place of names. */
    private readonly aliased = false,
  ) {
    this.cells = new Map(
      steps.map((step) => {
        const alias = aliased ? this.calledBy(step) : null;
        const cells = step.cells.map(
          (cell, at) => new BoardCell(step, cell, alias === null ? null : `${alias}-cell-${at + 1}`),
        );
        return [step.name, cells.length === 0 ? [new BoardCell(step, null, alias)] : cells];
      }),
    );
    this.byId = new Map(this.all.flatMap((cell) => (cell.cell === null ? [] : [[cell.id, cell] as const])));
  }

  /** How the server knows what is done for a step. */
  calledBy(step: PlannedStep): string {
    return this.aliased ? `step-${this.steps.indexOf(step) + 1}` : step.name;
  }

  of(step: string): readonly BoardCell[] {
    return this.cells.get(step) ?? [];
  }

  get all(): readonly BoardCell[] {
    return [...this.cells.values()].flat();
  }

  /**
   * Takes down a fold's epoch; null for a message that is none. What no fold in training can have sent is
   * counted, and otherwise ignored.
   */
  hear(finished: EpochFinished | null): void {
    const cell = finished === null ? undefined : this.training(finished);
    if (cell === undefined || finished === null) this.ignored += 1;
    else cell.addEpoch(finished.metrics);
  }

  private training(finished: EpochFinished): BoardCell | undefined {
    const cell = this.byId.get(cellId(finished));
    return cell?.state === 'running' && finished.metrics.epoch <= this.epochs ? cell : undefined;
  }

  /** Once, at the end. What was under way is not done, and nobody goes on with it. */
  end(outcome: 'completed' | 'failed' | 'cancelled'): void {
    this.outcome = outcome;
    for (const cell of this.all) if (cell.state === 'running') cell.become('pending');
  }

  get state(): RunState {
    if (this.outcome !== null) return this.outcome;
    const { all } = this;
    const busy = all.some(({ state }) => state === 'running');
    return !busy && all.some(({ awaitsDecision }) => awaitsDecision) ? 'waiting' : 'running';
  }

  get waitingFor(): string | null {
    if (this.outcome !== null) return null;
    const waiting = this.all.filter(({ awaitsDecision }) => awaitsDecision);
    if (waiting.length === 0) return null;
    return `retry or skip of ${waiting.map(({ name }) => name).join(', ')}`;
  }

  /** Null before thresholds are tuned, and in a pipeline that tunes none. */
  get scores(): Thresholds['macroF1'] | null {
    const tuned = this.all.find(
      ({ step, state }) => step.output === 'thresholds' && (state === 'completed' || state === 'reused'),
    );
    return tuned === undefined ? null : (tuned.output as Thresholds).macroF1;
  }

  progress(): Progress {
    return {
      run: this.run,
      pipeline: this.pipeline,
      state: this.state,
      waitingFor: this.state === 'waiting' ? this.waitingFor : null,
      steps: this.steps.map((step) => this.stepProgress(step)),
      ...(this.ignored === 0 ? {} : { ignored: this.ignored }),
    };
  }

  stepState(step: string): StepState {
    const states = this.of(step).map(({ state }) => state);
    const has = (state: StepState): boolean => states.includes(state);
    if (has('running')) return 'running';
    if (has('failed')) return 'failed';
    if (has('pending')) {
      return this.outcome !== null || states.every((state) => state === 'pending') ? 'pending' : 'running';
    }
    if (states.every((state) => state === 'reused')) return 'reused';
    return states.every((state) => state === 'skipped') ? 'skipped' : 'completed';
  }

  private stepProgress({ name, step }: PlannedStep): StepProgress {
    const cells = this.of(name);
    const plain = cells.length === 1 && cells[0]?.cell === null;
    return {
      step: name,
      run: step.run,
      needs: step.needs,
      state: this.stepState(name),
      message: plain ? (cells[0]?.message ?? null) : matrixMessage(cells),
      cells: plain ? [] : cells.flatMap(cellProgress),
      ...(plain && this.aliased ? { activityId: cells[0]!.activityId } : {}),
    };
  }
}

function cellProgress(cell: BoardCell): CellProgress[] {
  const { id, state, activityId, message, epochs, bestF1 } = cell;
  if (cell.cell === null) return [];
  return [{ cell: id, ...cell.cell, state, activityId, message, epochs, bestF1 }];
}

function matrixMessage(cells: readonly BoardCell[]): string | null {
  const counted = (['reused', 'failed', 'skipped'] as const).flatMap((state) => {
    const count = cells.filter((cell) => cell.state === state).length;
    return count === 0 ? [] : [`${count} of ${cells.length} ${state}`];
  });
  return counted.length === 0 ? null : counted.join(', ');
}
