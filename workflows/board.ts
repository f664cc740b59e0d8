import type { EpochFinished, Thresholds, TrainedFold } from '../activities/contracts.js';
import type { EpochMetrics } from '../engine/training/job.js';
import type { PlannedStep } from '../pipeline/dag.js';
import type { MemberProgress, Progress, RunState, StepProgress, StepState } from './progress.js';

/** A person's answer to a failure. */
export type Decision = 'retry' | 'skip';

/** One activity of a step: the step itself, or one fold of its matrix. */
export class Member {
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
    /** The fold, 1 … K; null for a plain step. */
    readonly index: number | null,
  ) {}

  get name(): string {
    return this.index === null ? this.step.name : `${this.step.name}-${this.index}`;
  }

  get activityId(): string {
    return this.retries === 0 ? this.name : `${this.name}-retry-${this.retries}`;
  }

  get summary(): string {
    return this.index === null
      ? this.step.name
      : `${this.step.name} ${this.index} of ${this.step.members.length}`;
  }

  become(state: StepState, message: string | null = null): void {
    this.state = state;
    this.message = message;
  }

  finish(state: 'completed' | 'reused', output: unknown): void {
    this.become(state, state === 'reused' ? 'an earlier result was reused' : null);
    this.output = output;
    if (this.step.output === 'fold') this.epochs = (output as TrainedFold).epochs;
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
  readonly members: ReadonlyMap<string, readonly Member[]>;
  /** Signals that were none of a fold's. */
  ignored = 0;
  /** Set once, at the end. */
  outcome: 'completed' | 'failed' | 'cancelled' | null = null;

  constructor(
    readonly run: string,
    readonly pipeline: string,
    readonly steps: readonly PlannedStep[],
    /** Of each fold. */
    private readonly epochs: number,
  ) {
    this.members = new Map(
      steps.map((step) => [
        step.name,
        step.members.length === 0
          ? [new Member(step, null)]
          : step.members.map((index) => new Member(step, index)),
      ]),
    );
  }

  of(step: string): readonly Member[] {
    return this.members.get(step) ?? [];
  }

  /**
   * Takes down a fold's epoch; null for a message that is none. What no fold in training can have sent is
   * counted, and otherwise ignored.
   */
  hear(finished: EpochFinished | null): void {
    const member = finished === null ? undefined : this.training(finished);
    if (member === undefined || finished === null) this.ignored += 1;
    else member.addEpoch(finished.metrics);
  }

  private training({ fold, metrics }: EpochFinished): Member | undefined {
    const member = [...this.members.values()].flat().find(({ index }) => index === fold);
    return member?.state === 'running' && metrics.epoch <= this.epochs ? member : undefined;
  }

  get state(): RunState {
    if (this.outcome !== null) return this.outcome;
    const all = [...this.members.values()].flat();
    const busy = all.some(({ state }) => state === 'running');
    return !busy && all.some(({ awaitsDecision }) => awaitsDecision) ? 'waiting' : 'running';
  }

  get waitingFor(): string | null {
    if (this.outcome !== null) return null;
    const waiting = [...this.members.values()].flat().filter(({ awaitsDecision }) => awaitsDecision);
    if (waiting.length === 0) return null;
    return `retry or skip of ${waiting.map(({ name }) => name).join(', ')}`;
  }

  /** Null before thresholds are tuned, and in a pipeline that tunes none. */
  get scores(): Thresholds['macroF1'] | null {
    const members = [...this.members.values()].flat();
    const tuned = members.find(
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
    if (has('pending')) return states.every((state) => state === 'pending') ? 'pending' : 'running';
    if (states.every((state) => state === 'reused')) return 'reused';
    return states.every((state) => state === 'skipped') ? 'skipped' : 'completed';
  }

  private stepProgress({ name, step }: PlannedStep): StepProgress {
    const members = this.of(name);
    const plain = members.length === 1 && members[0]?.index === null;
    return {
      step: name,
      run: step.run,
      needs: step.needs,
      state: this.stepState(name),
      message: plain ? (members[0]?.message ?? null) : matrixMessage(members),
      members: plain ? [] : members.map(memberProgress),
    };
  }
}

function memberProgress(member: Member): MemberProgress {
  const { index, state, activityId, message, epochs, bestF1 } = member;
  return { index: index ?? 0, state, activityId, message, epochs, bestF1 };
}

function matrixMessage(members: readonly Member[]): string | null {
  const counted = (['reused', 'failed', 'skipped'] as const).flatMap((state) => {
    const count = members.filter((member) => member.state === state).length;
    return count === 0 ? [] : [`${count} of ${members.length} ${state}`];
  });
  return counted.length === 0 ? null : counted.join(', ');
}
