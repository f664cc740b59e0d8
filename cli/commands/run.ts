import { Option, type Command } from 'commander';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AcceptedRuns } from '../../activities/admission.js';
import { rootsOf } from '../../activities/roots.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { ServerLink } from '../connection.js';
import { Interrupted } from '../failure.js';
import { HostLog } from '../host/host-log.js';
import { openHost, type Host } from '../host/host.js';
import { onInterrupt } from '../host/interrupt.js';
import { openUnless, stopping } from '../host/serve.js';
import { checkInput } from '../input/checked-input.js';
import { checkModel } from '../input/checked-model.js';
import {
  printsJson,
  takesPipeline,
  takesShares,
  takesWait,
  waitsForDecisions,
  type JsonOption,
  type PipelineArguments,
  type ShareOptions,
  type WaitOption,
} from '../options.js';
import type { FoundRun } from '../runs/find-run.js';
import { openRuns, otherChoices, pipelineOf, type OtherChoice } from '../runs/open-runs.js';
import { endOf, type RunEnd } from '../runs/run-end.js';
import { acceptOpenRun, startRun, workflowIdOf } from '../runs/start-run.js';
import { retryFailed } from '../runs/waiting.js';
import { observePatiently, watchRun } from '../runs/watch-run.js';
import { placeOption, quoted } from '../runs/ways.js';
import { canAsk } from '../terminal/ask.js';
import type { Console } from '../terminal/console.js';
import { openDisplay, type RunDisplay } from '../terminal/display.js';
import { askAboutOthers, describeOthers, otherWords } from '../terminal/other-runs.js';
import { tellEnd } from '../terminal/tell-end.js';
import type { DownloadView } from '../../worker/download-progress.js';
import { workdirAt, writableWorkdir, type Workdir } from '../workdir.js';

interface RunArguments extends PipelineArguments, ShareOptions, JsonOption, WaitOption {
  readonly fresh?: boolean;
  readonly other?: OtherChoice;
}

/** `foldwise run`: server, worker and run in one. */
export function addRun(program: Command, console: Console): void {
  const run = takesPipeline(program.command('run'))
    .summary('train, score and predict: server, worker and run in one')
    .description(
      'Runs a pipeline from its data to its report, with everything it needs in this process, and shows how it goes. What earlier runs did already is reused. Where a run of the same pipeline is open in the workdir, it goes on with that one. The exit code is 0 only if the run completed.',
    )
    .option('--fresh', 'reuse nothing of earlier runs');
  takesWait(printsJson(takesShares(run)))
    .addOption(
      new Option(
        '--other <what>',
        'what becomes of other runs that are open in the workdir: keep them open, wait (do them first), or cancel them (default: ask; off a terminal: keep)',
      ).choices(otherChoices),
    )
    .addHelpText(
      'after',
      `
Ctrl-C asks the folds to write a checkpoint and ends; the same command goes on from there.
A second Ctrl-C ends at once.`,
    )
    .action(async (file: string, _options: unknown, command: Command) => {
      await new RunCommand(console, file, command.optsWithGlobals<RunArguments>()).run();
    });
}

class RunCommand {
  private readonly workdir: Workdir;
  private readonly display: RunDisplay;
  private readonly json: boolean;
  /** Runs that shall end before this one starts. */
  private first: readonly FoundRun[] = [];
  /** Whoever else reaches the server must not have this process read or write for them. */
  private readonly accepts = new AcceptedRuns();
  /** What the accepted runs read, and nothing else. */
  private readonly roots: string[] = [];

  constructor(
    private readonly console: Console,
    private readonly file: string,
    private readonly options: RunArguments,
  ) {
    this.workdir = workdirAt(options.workdir);
    this.json = options.json === true;
    this.display = openDisplay(console, this.json);
  }

  async run(): Promise<void> {
    try {
      const pipeline = await this.checked();
      let host: Host | undefined;
      const interrupt = onInterrupt(
        () => this.display.note(stopping),
        () => host?.stopNow(),
      );
      try {
        host = await openUnless(interrupt.signal, (signal) => this.openHost(pipeline, signal));
        const { link } = host;
        const end = await this.follow(host, pipeline, interrupt.signal).finally(() => host?.stop());
        // Nothing is asked any more; where Ctrl-C ended it, a question may be under way.
        await link.close();
        this.display.close();
        tellEnd(this.console, end, { json: this.json, history: this.history(link) });
      } finally {
        interrupt.close();
      }
    } finally {
      this.display.close();
    }
  }

  private history({ uiUrl, address }: ServerLink): string {
    return uiUrl === null ? `that of ${address}` : `foldwise dev${placeOption(this.options)}`;
  }

  /** Whatever a person has to change in the pipeline, its tables or its model is said before anything starts. */
  private async checked(): Promise<Pipeline> {
    const { pipeline, warnings: ofTables } = await checkInput(this.file, this.options.set ?? {});
    const onDownload = (view: DownloadView): void => this.display.download(view);
    const ofModel = await checkModel(pipeline, { workdir: this.workdir, onDownload });
    this.display.download(null);
    for (const warning of [...ofTables, ...ofModel]) this.display.note(`warning: ${warning}`);
    await writableWorkdir(this.options.workdir);
    return pipeline;
  }

  private openHost(pipeline: Pipeline, signal: AbortSignal): Promise<Host> {
    const { slots, threads } = this.options;
    return openHost({
      workdir: this.workdir,
      roots: this.roots,
      log: new HostLog(this.workdir),
      signal,
      onMessage: (message) => this.display.note(message),
      beforeWork: (link) => this.decideWork(link, pipeline, signal),
      accepts: this.accepts,
      ...(slots === undefined ? {} : { slots }),
      ...(threads === undefined ? {} : { threads }),
    });
  }

  /** Before the workers start, which then know for whom they work. */
  private async decideWork(link: ServerLink, pipeline: Pipeline, interrupted: AbortSignal): Promise<void> {
    this.roots.push(...rootsOf(pipeline));
    await acceptOpenRun(link.client, pipeline, this.accepts);
    await this.settleOthers(link, pipeline, interrupted);
  }

  /** Decides what becomes of other runs that are open. */
  private async settleOthers(link: ServerLink, pipeline: Pipeline, interrupted: AbortSignal): Promise<void> {
    const others = await openRuns(link, this.workdir, workflowIdOf(pipeline));
    if (others.length === 0) return;
    this.display.note(describeOthers(others, new Date()));
    const asks = this.options.other === undefined && canAsk();
    const choice = asks ? await askAboutOthers(interrupted) : (this.options.other ?? 'keep');
    if (!asks) this.display.note(otherWords(choice));
    if (choice === 'cancel') for (const { handle } of others) await handle.cancel();
    if (choice === 'wait') await this.takeFirst(link, others);
  }

  /** Has the workers of this command work for other runs, too. */
  private async takeFirst(link: ServerLink, others: readonly FoundRun[]): Promise<void> {
    // One that no worker of this workdir has begun may be anybody's who reaches the server.
    const isOurs = ({ run }: FoundRun): boolean => existsSync(join(this.workdir.runs, run));
    for (const other of others) {
      const pipeline = isOurs(other) ? await pipelineOf(link, other) : null;
      if (pipeline === null) {
        const why = isOurs(other) ? 'reads its pipeline from a file' : 'has not been begun in this workdir';
        this.display.note(`Run ${other.run} ${why}: only another worker can go on with it.`);
      } else {
        this.accepts.add(other.handle.workflowId, other.run, pipeline);
        this.roots.push(...rootsOf(pipeline));
      }
    }
    this.first = others.filter(isOurs);
  }

  private async follow(host: Host, pipeline: Pipeline, interrupted: AbortSignal): Promise<RunEnd> {
    const following = this.goThrough(host.link, pipeline, interrupted);
    const end = await Promise.race([following, host.working.then(() => following)]);
    if (end === null) throw new Interrupted(`Stopped. Go on with: ${this.again()}`);
    return end;
  }

  /** Null where it was interrupted. */
  private async goThrough(
    link: ServerLink,
    pipeline: Pipeline,
    interrupted: AbortSignal,
  ): Promise<RunEnd | null> {
    const { client } = link;
    for (const other of this.first) await this.waitFor(link, other, interrupted);
    if (interrupted.aborted) return null;
    const fresh = this.options.fresh === true;
    const started = await startRun(client, pipeline, { fresh, startedAt: new Date(), accepts: this.accepts });
    if (started.attached) await this.attach(link, started, interrupted);
    const waits = waitsForDecisions(this.options);
    const view = await watchRun(client, started, this.display, interrupted, waits);
    return interrupted.aborted || view === null
      ? null
      : endOf(started, view, this.workdir, this.ways(started));
  }

  private async waitFor({ client }: ServerLink, other: FoundRun, interrupted: AbortSignal): Promise<void> {
    this.display.note(`Run ${other.run} comes first.`);
    const view = await watchRun(client, other, this.display, interrupted, false);
    const { state, waitingFor } = view?.progress ?? { state: 'running', waitingFor: null };
    if (interrupted.aborted) return;
    const how =
      state === 'waiting'
        ? `waits (${waitingFor ?? 'for a decision'}) and stays open`
        : `has ended: ${state}`;
    this.display.note(`Run ${other.run} ${how}.`);
  }

  /** An open run may wait since a fold failed: running it again is the decision to try that again. */
  private async attach({ client }: ServerLink, run: FoundRun, interrupted: AbortSignal): Promise<void> {
    this.display.note(`Run ${run.run} of this pipeline is open: it goes on.`);
    // The worker before may have been killed with a task in its hands: the next one gets it after a while.
    const view = await observePatiently(client, run, this.display, interrupted);
    const retried = view === null ? [] : await retryFailed(run.handle, view);
    if (retried.length > 0) this.display.note(`What had failed is tried again: ${retried.join(', ')}.`);
  }

  private ways({ run }: FoundRun): string[] {
    const place = placeOption(this.options);
    return [
      `Try again, once the cause is mended, with: ${this.again()}`,
      `Or go on without a fold: foldwise dev${place}, and beside it: foldwise skip ${quoted(run)} --fold N${place}`,
    ];
  }

  /** The same command, without what holds for its first start alone. */
  private again(): string {
    const { set = {}, slots, threads } = this.options;
    const sets = Object.entries(set).map(([path, value]) => ` --set ${quoted(`${path}=${value}`)}`);
    // With another number of threads the folds would be other ones.
    const shares = `${slots === undefined ? '' : ` --slots ${slots}`}${threads === undefined ? '' : ` --threads ${threads}`}`;
    return `foldwise run ${quoted(this.file)}${sets.join('')}${shares}${placeOption(this.options)}`;
  }
}
