import {
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  patched,
} from '@temporalio/workflow';
import type { LookedUp, ResolvedRun } from '../activities/contracts.js';
import type { PlannedStep } from '../pipeline/dag.js';
import type { Board, Member } from './board.js';
import { lookUp, runActivity } from './calls.js';
import { changedInputs, isChangedInputs, isLostArtifact, reasonOf, runFailure } from './failure.js';

type Inputs = Readonly<Record<string, unknown>>;

/** How often one activity may find an artifact lost, and have it made again, before it has failed. */
const maxRepairs = 5;

/** Marks runs in which repairs compare what they made; those that began before did not. */
const checkedRepairs = 'checked-repairs';

/** Runs the steps of a pipeline as soon as what each needs is there. */
export class Interpreter {
  /** Steps whose lost artifacts are being made again, so that several readers do it once. */
  private readonly repairs = new Map<string, Promise<void>>();

  constructor(
    private readonly resolved: ResolvedRun,
    private readonly board: Board,
    /** Called after every change of the board. */
    private readonly show: () => void,
  ) {}

  /** Ends when every step has; on a failure stops what runs, then throws it. */
  async run(): Promise<void> {
    await CancellationScope.cancellable(async () => {
      const scope = CancellationScope.current();
      const steps = new Map<string, Promise<void>>();
      for (const step of this.board.steps) steps.set(step.name, this.runAfterNeeds(step, steps));
      try {
        await Promise.all(steps.values());
      } catch (error) {
        scope.cancel();
        await Promise.allSettled(steps.values());
        throw error;
      }
    });
  }

  private async runAfterNeeds(step: PlannedStep, steps: ReadonlyMap<string, Promise<void>>): Promise<void> {
    await Promise.all(step.step.needs.flatMap((need) => steps.get(need) ?? []));
    const absent = this.skippedSource(step);
    const members = this.board.of(step.name);
    if (absent !== undefined) {
      this.change(() =>
        members.forEach((member) => member.become('skipped', `needs ${absent}, which was skipped`)),
      );
      return;
    }
    const looked = this.lookUpAll(step);
    await Promise.all(members.map((member) => this.settle(member, looked)));
    if (step.members.length > 0 && members.every(({ state }) => state === 'skipped')) {
      throw ApplicationFailure.nonRetryable(
        `${step.name}: every fold was skipped, so there is no model`,
        'NoFolds',
      );
    }
  }

  /** Runs a member until it is there or skipped, as the step's `onFailure` and a person decide. */
  private async settle(member: Member, looked: Promise<LookedUp[]>): Promise<void> {
    for (let first = true; ; first = false) {
      try {
        await this.produce(member, first ? looked : undefined);
        return;
      } catch (error) {
        if (isCancellation(error)) throw error;
        const reason = reasonOf(error);
        const { onFailure } = member.step.step;
        this.change(() => member.become('failed', reason));
        if (onFailure === 'fail' || isChangedInputs(error)) throw runFailure(member.name, error);
        if (onFailure === 'skip' || (await this.decision(member)) === 'skip') {
          this.change(() => member.become('skipped', `skipped after: ${reason}`));
          return;
        }
        member.retries += 1;
      }
    }
  }

  private async decision(member: Member): Promise<'retry' | 'skip'> {
    this.change(() => (member.awaitsDecision = true));
    await condition(() => member.decision !== null);
    const decision = member.decision ?? 'retry';
    this.change(() => {
      member.awaitsDecision = false;
      member.decision = null;
    });
    return decision;
  }

  /** Finds the member's output or runs its activity; inputs that got lost are made again first. */
  private async produce(member: Member, looked?: Promise<LookedUp[]>): Promise<void> {
    for (let repairs = 0; ; repairs++) {
      try {
        const found = await (repairs === 0 && looked !== undefined ? looked : this.lookUpOne(member));
        await this.reuseOrRun(member, found);
        return;
      } catch (error) {
        if (!isLostArtifact(error) || repairs === maxRepairs) throw error;
        this.change(() => member.become('pending', reasonOf(error)));
        for (const source of Object.values(member.step.sources)) await this.repair(source);
        member.retries += 1;
      }
    }
  }

  private async reuseOrRun(member: Member, found: readonly LookedUp[]): Promise<void> {
    const hit = found.find(({ index }) => index === member.index);
    if (hit === undefined) throw ApplicationFailure.nonRetryable(`no key for ${member.name}`, 'NoKey');
    if (hit.output !== null) {
      this.change(() => member.finish('reused', hit.output));
      return;
    }
    this.change(() => member.become('running'));
    const output = await runActivity(member, this.callOf(member, hit.key));
    this.change(() => member.finish('completed', output));
  }

  private repair(step: string): Promise<void> {
    const running = this.repairs.get(step);
    if (running !== undefined) return running;
    const made = this.board.of(step).filter(({ state }) => state !== 'skipped');
    for (const member of made) member.retries += 1;
    const again = patched(checkedRepairs)
      ? this.makeAgain(step, made)
      : Promise.all(made.map((member) => this.produce(member)));
    const repair = again.then(
      () => void this.repairs.delete(step),
      (error: unknown) => {
        this.repairs.delete(step);
        throw error;
      },
    );
    this.repairs.set(step, repair);
    return repair;
  }

  /** Makes the outputs of a step again; each that cannot be made has failed, and none may differ from what others read. */
  private async makeAgain(step: string, members: readonly Member[]): Promise<void> {
    const before = members.map(({ output }) => hashesOf(output));
    const made = await Promise.allSettled(members.map((member) => this.produce(member)));
    for (const [place, result] of made.entries()) {
      if (result.status !== 'rejected' || isCancellation(result.reason)) continue;
      this.change(() => members[place]?.become('failed', reasonOf(result.reason)));
    }
    const failed = made.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const same = members.every(({ output }, place) => hashesOf(output) === before[place]);
    if (!same && this.wasRead(step)) throw changedInputs(step);
  }

  private wasRead(step: string): boolean {
    const readers = this.board.steps.filter(({ sources }) => Object.values(sources).includes(step));
    return readers.some(({ name }) =>
      this.board.of(name).some(({ state }) => state === 'completed' || state === 'reused'),
    );
  }

  private lookUpAll(step: PlannedStep): Promise<LookedUp[]> {
    const members = step.members.length === 0 ? null : step.members;
    return lookUp(step.name, this.lookupCall(step, members));
  }

  private lookUpOne(member: Member): Promise<LookedUp[]> {
    const members = member.index === null ? null : [member.index];
    return lookUp(member.activityId, this.lookupCall(member.step, members));
  }

  private lookupCall(step: PlannedStep, members: readonly number[] | null): Parameters<typeof lookUp>[1] {
    const { run, pipeline, settings } = this.resolved;
    return { run, pipeline, settings, step: step.name, inputs: this.inputsOf(step), members };
  }

  private callOf(member: Member, key: string): unknown {
    const { run, pipeline, settings } = this.resolved;
    const call = { run, pipeline, settings, step: member.step.name, key, inputs: this.inputsOf(member.step) };
    if (member.index !== null) return { ...call, fold: member.index };
    if (member.step.output !== 'report') return call;
    return { ...call, seconds: this.seconds(), reused: this.reused() };
  }

  private inputsOf(step: PlannedStep): Inputs {
    return Object.fromEntries(
      Object.entries(step.sources).map(([kind, source]) => {
        const made = this.board.of(source).filter(({ state }) => state !== 'skipped');
        const outputs = made.map(({ output }) => output);
        return [kind, kind === 'fold' ? outputs : outputs[0]];
      }),
    );
  }

  private skippedSource(step: PlannedStep): string | undefined {
    return Object.values(step.sources).find((source) => this.board.stepState(source) === 'skipped');
  }

  private seconds(): Record<string, number> {
    return Object.fromEntries(
      this.board.steps.map(({ name }) => {
        const made = this.board.of(name).filter(({ state }) => state === 'completed');
        const seconds = made.map(({ output }) => (output as { seconds: number }).seconds);
        return [name, seconds.reduce((sum, value) => sum + value, 0)];
      }),
    );
  }

  reused(): string[] {
    return this.board.steps.map(({ name }) => name).filter((name) => this.board.stepState(name) === 'reused');
  }

  private change(apply: () => void): void {
    apply();
    this.show();
  }
}

/** The hashes of an output's artifacts: what others read of it. */
function hashesOf(output: unknown): string {
  const hashes: unknown[] = [];
  JSON.stringify(output, (key, value: unknown) => {
    if (key === 'sha256') hashes.push(value);
    return value;
  });
  return hashes.join(' ');
}
