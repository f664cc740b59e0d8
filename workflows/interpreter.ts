import {
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  patched,
} from '@temporalio/workflow';
import type { LookedUp, LookupCall, ResolvedRun } from '../activities/contracts.js';
import type { Dataset, FoldReceipt } from '../activities/outputs.js';
import { activities } from '../pipeline/activities.js';
import type { PlannedStep } from '../pipeline/dag.js';
import { mostEpochs, type Cell } from '../pipeline/matrix.js';
import { lookupCells, mostUnderWay } from '../pipeline/size.js';
import type { Board, BoardCell } from './board.js';
import { confirmResults, lookUp, runActivity } from './calls.js';
import { changedInputs, isChangedInputs, isLostArtifact, reasonOf, runFailure } from './failure.js';

type Inputs = Readonly<Record<string, unknown>>;

/** Answers for a cell, and for those that were asked for with it. */
type LookUp = (cell: BoardCell) => Promise<LookedUp[]>;

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
      if (this.resolved.confirmed === true) await this.confirm();
    });
  }

  /**
   * What nobody read again may have been lost since it was made, as where a store was emptied: that is made anew,
   * by the order of the steps, so that a run that completes has its results.
   */
  private async confirm(): Promise<void> {
    for (let turn = 1; ; turn++) {
      const lost = await this.lostResults(turn);
      if (lost.length === 0) return;
      if (turn > maxRepairs)
        throw ApplicationFailure.nonRetryable(
          'results are lost from the store again and again',
          'ResultsLost',
        );
      for (const { name } of this.board.steps) {
        const cells = lost.filter(({ step }) => step.name === name);
        if (cells.length === 0) continue;
        for (const cell of cells) {
          cell.retries += 1;
          this.change(() => cell.become('pending', 'its results were lost from the store'));
        }
        await this.makeAgain(name, cells);
      }
    }
  }

  private async lostResults(turn: number): Promise<BoardCell[]> {
    const { run, pipeline, settings } = this.resolved;
    const made = this.board.all.filter(
      ({ step, state }) => state !== 'skipped' && activities[step.step.run].writes !== undefined,
    );
    const portion = lookupCells(mostEpochs(pipeline));
    const lost: BoardCell[] = [];
    for (let from = 0; from < made.length; from += portion) {
      const some = made.slice(from, from + portion);
      const results = some.map(({ step, cell, output }) => ({
        activity: step.step.run,
        member: cell?.member ?? '',
        output: cell === null || !this.byReference ? output : (output as FoldReceipt).output,
      }));
      const places = await confirmResults(`${turn}-${from}`, { run, pipeline, settings, results });
      lost.push(...places.flatMap((place) => some[place] ?? []));
    }
    return lost;
  }

  private async runAfterNeeds(step: PlannedStep, steps: ReadonlyMap<string, Promise<void>>): Promise<void> {
    await Promise.all(step.step.needs.flatMap((need) => steps.get(need) ?? []));
    const absent = this.skippedSource(step);
    const cells = this.board.of(step.name);
    if (absent !== undefined) {
      this.change(() =>
        cells.forEach((cell) => cell.become('skipped', `needs ${absent}, which was skipped`)),
      );
      return;
    }
    const looked = this.lookUps(step);
    await this.each(cells, (cell) => this.settle(cell, looked));
    if (step.cells.length > 0 && cells.every(({ state }) => state === 'skipped')) {
      throw ApplicationFailure.nonRetryable(
        `${step.name}: every fold was skipped, so there is no model`,
        'NoFolds',
      );
    }
  }

  /** All at once where few: the server holds a limited number of activities of a run. */
  private async each(cells: readonly BoardCell[], work: (cell: BoardCell) => Promise<void>): Promise<void> {
    const waiting = [...cells];
    // Runs that began before there was a bound had fewer.
    const lanes = this.byReference ? mostUnderWay : cells.length;
    const lane = async (): Promise<void> => {
      for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) await work(cell);
    };
    await Promise.all(Array.from({ length: Math.min(lanes, cells.length) }, lane));
  }

  /** Runs a cell until it is there or skipped, as the step's `onFailure` and a person decide. */
  private async settle(cell: BoardCell, looked: LookUp): Promise<void> {
    for (let first = true; ; first = false) {
      try {
        await this.produce(cell, first ? looked : undefined);
        return;
      } catch (error) {
        if (isCancellation(error)) throw error;
        const reason = reasonOf(error);
        const { onFailure } = cell.step.step;
        this.change(() => cell.become('failed', reason));
        if (onFailure === 'fail' || isChangedInputs(error)) throw runFailure(cell.name, error);
        if (onFailure === 'skip' || (await this.decision(cell)) === 'skip') {
          this.change(() => cell.become('skipped', `skipped after: ${reason}`));
          return;
        }
        cell.retries += 1;
      }
    }
  }

  private async decision(cell: BoardCell): Promise<'retry' | 'skip'> {
    this.change(() => (cell.awaitsDecision = true));
    await condition(() => cell.decision !== null);
    const decision = cell.decision ?? 'retry';
    this.change(() => {
      cell.awaitsDecision = false;
      cell.decision = null;
    });
    return decision;
  }

  /** Finds the cell's output or runs its activity; inputs that got lost are made again first. */
  private async produce(cell: BoardCell, looked?: LookUp): Promise<void> {
    for (let repairs = 0; ; repairs++) {
      try {
        const found = await (repairs === 0 && looked !== undefined ? looked(cell) : this.lookUpOne(cell));
        await this.reuseOrRun(cell, found);
        return;
      } catch (error) {
        if (!isLostArtifact(error) || repairs === maxRepairs) throw error;
        this.change(() => cell.become('pending', reasonOf(error)));
        for (const source of Object.values(cell.step.sources)) await this.repair(source);
        cell.retries += 1;
      }
    }
  }

  private async reuseOrRun(cell: BoardCell, found: readonly LookedUp[]): Promise<void> {
    const hit = found.find(({ index, member = '' }) =>
      cell.cell === null ? index === null : index === cell.cell.fold && member === cell.cell.member,
    );
    if (hit === undefined) throw ApplicationFailure.nonRetryable(`no key for ${cell.name}`, 'NoKey');
    if (hit.output !== null) {
      this.change(() => cell.finish('reused', hit.output));
      return;
    }
    this.change(() => cell.become('running'));
    const output = await runActivity(cell, this.callOf(cell, hit.key));
    this.change(() => cell.finish('completed', output));
  }

  private repair(step: string): Promise<void> {
    const running = this.repairs.get(step);
    if (running !== undefined) return running;
    const made = this.board.of(step).filter(({ state }) => state !== 'skipped');
    for (const cell of made) cell.retries += 1;
    const again = patched(checkedRepairs)
      ? this.makeAgain(step, made)
      : Promise.all(made.map((cell) => this.produce(cell)));
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
  private async makeAgain(step: string, cells: readonly BoardCell[]): Promise<void> {
    const before = cells.map(({ output }) => hashesOf(output));
    const made = await Promise.allSettled(cells.map((cell) => this.produce(cell)));
    for (const [place, result] of made.entries()) {
      if (result.status !== 'rejected' || isCancellation(result.reason)) continue;
      this.change(() => cells[place]?.become('failed', reasonOf(result.reason)));
    }
    const failed = made.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const same = cells.every(({ output }, place) => hashesOf(output) === before[place]);
    if (!same && this.wasRead(step)) throw changedInputs(step);
  }

  private wasRead(step: string): boolean {
    const readers = this.board.steps.filter(({ sources }) => Object.values(sources).includes(step));
    return readers.some(({ name }) =>
      this.board.of(name).some(({ state }) => state === 'completed' || state === 'reused'),
    );
  }

  /** Looks for what cells gave before: many at a time, and each portion once, when its first cell asks. */
  private lookUps(step: PlannedStep): LookUp {
    const portion = this.byReference
      ? lookupCells(mostEpochs(this.resolved.pipeline))
      : Math.max(1, step.cells.length);
    const asked = new Map<number, Promise<LookedUp[]>>();
    return ({ cell }) => {
      const place = cell === null ? 0 : Math.floor(step.cells.indexOf(cell) / portion);
      const cells = cell === null ? null : step.cells.slice(place * portion, (place + 1) * portion);
      const called = this.board.calledBy(step);
      const name = step.cells.length > portion ? `${called}-part-${place + 1}` : called;
      const answer = asked.get(place) ?? lookUp(name, this.lookupCall(step, cells));
      asked.set(place, answer);
      return answer;
    };
  }

  private lookUpOne({ step, cell, activityId }: BoardCell): Promise<LookedUp[]> {
    return lookUp(activityId, this.lookupCall(step, cell === null ? null : [cell]));
  }

  private lookupCall(step: PlannedStep, cells: readonly Cell[] | null): LookupCall {
    const { run, pipeline, settings } = this.resolved;
    const inputs = this.inputsOf(step);
    return { run, pipeline, settings, step: step.name, inputs, cells, references: this.byReference };
  }

  private callOf(cell: BoardCell, key: string): unknown {
    const { run, pipeline, reference, settings } = this.resolved;
    const { step } = cell;
    const inputs = this.inputsOf(step);
    const call = { run, pipeline: reference ?? pipeline, settings, step: step.name, key, inputs };
    if (cell.cell !== null) return { ...call, ...cell.cell };
    if (step.output !== 'report') return call;
    return { ...call, seconds: this.seconds(), reused: this.reused() };
  }

  private get byReference(): boolean {
    return this.resolved.reference !== undefined;
  }

  /** The outputs that a step is given, by kind; those of cells by reference. */
  private inputsOf(step: PlannedStep): Inputs {
    return Object.fromEntries(
      Object.entries(step.sources).map(([kind, source]) => {
        const made = this.board.of(source).filter(({ state }) => state !== 'skipped');
        if (kind === 'fold') return [kind, made.map((cell) => this.handedOn(cell))];
        const output = made[0]?.output;
        // A cell has no use for the notes on the data, and there are many cells.
        const brief = kind === 'data' && step.cells.length > 0 && this.byReference;
        return [kind, brief ? { ...(output as Dataset), warnings: [] } : output];
      }),
    );
  }

  private handedOn({ cell, output }: BoardCell): unknown {
    return this.byReference ? { member: cell?.member ?? '', output: (output as FoldReceipt).output } : output;
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
  if (typeof output === 'object' && output !== null && 'contents' in output) return String(output.contents);
  const hashes: unknown[] = [];
  JSON.stringify(output, (key, value: unknown) => {
    if (key === 'sha256') hashes.push(value);
    // Nothing is computed from what is told of the tables, and earlier workers told nothing.
    return key === 'facts' ? undefined : value;
  });
  return hashes.join(' ');
}
