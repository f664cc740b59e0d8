import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AcceptedRuns } from '../../activities/admission.js';
import { rootsOf } from '../../activities/roots.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { UsableDevice } from '../../worker/devices/probe.js';
import type { ServerLink } from '../connection.js';
import { HostLog } from '../host/host-log.js';
import { openHost, type Host, type WorkerChoice } from '../host/host.js';
import type { RunDisplay } from '../terminal/display.js';
import type { Workdir } from '../workdir.js';
import type { FoundRun } from './find-run.js';
import { openRuns, pipelineOf, type OpenRun } from './open-runs.js';
import type { OtherChoice } from './other-choices.js';
import type { RunView } from './run-view.js';
import type { StartedWorkflow } from './start-or-attach.js';
import { acceptOpenRun, startRun, workflowIdOf } from './start-run.js';
import { retryFailed } from './waiting.js';
import { observePatiently, watchRun } from './watch-run.js';

export interface HostedRunOptions extends Pick<WorkerChoice, 'slots' | 'threads'> {
  /** What folds train on; the models were checked for it. */
  readonly usable: readonly UsableDevice[];
  /** Can be written. */
  readonly workdir: Workdir;
  readonly display: RunDisplay;
  /** Reuse nothing of earlier runs. */
  readonly fresh: boolean;
  /** Go on watching where nothing goes on until somebody decides. */
  readonly waits: boolean;
  /** Decides what becomes of other runs that are open in the workdir; asked only where there are some. */
  readonly decideOthers: (others: readonly OpenRun[], interrupted: AbortSignal) => Promise<OtherChoice>;
  /** Told of the run before it is looked at first. */
  readonly onStarted?: (run: StartedWorkflow) => void;
}

/** A run, and the last look at it; null where it was interrupted before or while it was followed. */
export interface Followed {
  readonly run: StartedWorkflow;
  readonly view: RunView;
}

/** A run with all that it needs in this process: server, workers, and who follows it. */
export class HostedRun {
  /** Runs that shall end before this one starts. */
  private first: readonly FoundRun[] = [];
  /** Whoever else reaches the server must not have this process read or write for them. */
  private readonly accepts = new AcceptedRuns();
  /** What the accepted runs read, and nothing else. */
  private readonly roots: string[] = [];

  /** @param pipeline whose tables and models were looked at */
  constructor(
    private readonly pipeline: Pipeline,
    private readonly options: HostedRunOptions,
  ) {}

  /** Starts server and workers; what is open on the server is decided about before they take it up. */
  open(signal: AbortSignal): Promise<Host> {
    const { workdir, usable, slots, threads, display } = this.options;
    return openHost({
      workdir,
      roots: this.roots,
      log: new HostLog(workdir),
      signal,
      onMessage: (message) => display.note(message),
      beforeWork: (link) => this.decideWork(link, signal),
      accepts: this.accepts,
      usable,
      ...(slots === undefined ? {} : { slots }),
      ...(threads === undefined ? {} : { threads }),
    });
  }

  /** Starts the run, or goes on with the open one, and follows it; null where it was interrupted. */
  async follow(host: Host, interrupted: AbortSignal): Promise<Followed | null> {
    const following = this.goThrough(host.link, interrupted);
    return Promise.race([following, host.working.then(() => following)]);
  }

  /** Before the workers start, which then know for whom they work. */
  private async decideWork(link: ServerLink, interrupted: AbortSignal): Promise<void> {
    this.roots.push(...rootsOf(this.pipeline));
    await acceptOpenRun(link.client, this.pipeline, this.accepts);
    const others = await openRuns(link, this.options.workdir, workflowIdOf(this.pipeline));
    if (others.length === 0) return;
    const choice = await this.options.decideOthers(others, interrupted);
    if (choice === 'cancel') for (const { handle } of others) await handle.cancel();
    if (choice === 'wait') await this.takeFirst(link, others);
  }

  /** Has the workers of this process work for other runs, too. */
  private async takeFirst(link: ServerLink, others: readonly FoundRun[]): Promise<void> {
    const { workdir, display } = this.options;
    // One that no worker of this workdir has begun may be anybody's who reaches the server.
    const isOurs = ({ run }: FoundRun): boolean => existsSync(join(workdir.runs, run));
    for (const other of others) {
      const pipeline = isOurs(other) ? await pipelineOf(link, other) : null;
      if (pipeline === null) {
        const why = isOurs(other) ? 'reads its pipeline from a file' : 'has not been begun in this workdir';
        display.note(`Run ${other.run} ${why}: only another worker can go on with it.`);
      } else {
        this.accepts.add(other.handle.workflowId, other.run, pipeline);
        this.roots.push(...rootsOf(pipeline));
      }
    }
    this.first = others.filter(isOurs);
  }

  private async goThrough(link: ServerLink, interrupted: AbortSignal): Promise<Followed | null> {
    const { client } = link;
    const { fresh, waits, display } = this.options;
    for (const other of this.first) await this.waitFor(link, other, interrupted);
    if (interrupted.aborted) return null;
    const run = await startRun(client, this.pipeline, {
      fresh,
      startedAt: new Date(),
      accepts: this.accepts,
    });
    this.options.onStarted?.(run);
    if (run.attached) await this.attach(link, run, interrupted);
    const view = await watchRun(client, run, display, interrupted, waits);
    return interrupted.aborted || view === null ? null : { run, view };
  }

  private async waitFor({ client }: ServerLink, other: FoundRun, interrupted: AbortSignal): Promise<void> {
    const { display } = this.options;
    display.note(`Run ${other.run} comes first.`);
    const view = await watchRun(client, other, display, interrupted, false);
    const { state, waitingFor } = view?.progress ?? { state: 'running', waitingFor: null };
    if (interrupted.aborted) return;
    const how =
      state === 'waiting'
        ? `waits (${waitingFor ?? 'for a decision'}) and stays open`
        : `has ended: ${state}`;
    display.note(`Run ${other.run} ${how}.`);
  }

  /** An open run may wait since a fold failed: running it again is the decision to try that again. */
  private async attach({ client }: ServerLink, run: FoundRun, interrupted: AbortSignal): Promise<void> {
    const { display } = this.options;
    display.note(`Run ${run.run} of this pipeline is open: it goes on.`);
    // The worker before may have been killed with a task in its hands: the next one gets it after a while.
    const view = await observePatiently(client, run, display, interrupted);
    const retried = view === null ? [] : await retryFailed(run.handle, view);
    if (retried.length > 0) display.note(`What had failed is tried again: ${retried.join(', ')}.`);
  }
}
