import type { Command } from 'commander';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { CommandFailure, Interrupted } from '../failure.js';
import { HostLog } from '../host/host-log.js';
import { openHost, type Host } from '../host/host.js';
import { onInterrupt } from '../host/interrupt.js';
import { openUnless, stopping } from '../host/serve.js';
import { checkInput } from '../input/checked-input.js';
import { checkModel } from '../input/checked-model.js';
import { takesPipeline, takesShares, type PipelineArguments, type ShareOptions } from '../options.js';
import { observeRun } from '../runs/observe-run.js';
import { requireCompleted } from '../runs/outcome.js';
import type { RunView } from '../runs/run-view.js';
import { startRun, type StartedRun } from '../runs/start-run.js';
import { failureReasons, retryFailed } from '../runs/waiting.js';
import { watchRun } from '../runs/watch-run.js';
import type { Console } from '../terminal/console.js';
import { openDisplay, type RunDisplay } from '../terminal/display.js';
import { printOutcome } from '../terminal/print-outcome.js';
import { workdirAt, type Workdir } from '../workdir.js';

interface RunArguments extends PipelineArguments, ShareOptions {
  readonly fresh?: boolean;
  readonly wait?: boolean;
}

/** `foldwise run`: server, worker and run in one. */
export function addRun(program: Command, console: Console): void {
  const run = takesPipeline(program.command('run'))
    .summary('train, score and predict: server, worker and run in one')
    .description(
      'Runs a pipeline from its data to its report, with everything it needs in this process, and shows how it goes. What earlier runs did already is reused. Where a run of the same pipeline is open in the workdir, it goes on with that one. The exit code is 0 only if the run completed.',
    )
    .option('--fresh', 'reuse nothing of earlier runs');
  takesShares(run)
    .option('--wait', 'stay when a failed fold waits for `foldwise retry` or `skip` (default: on a terminal)')
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

  constructor(
    private readonly console: Console,
    private readonly file: string,
    private readonly options: RunArguments,
  ) {
    this.workdir = workdirAt(options.workdir);
    this.display = openDisplay(console);
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
        host = await openUnless(interrupt.signal, (signal) => this.openHost(signal));
        const { started, view } = await this.follow(host, pipeline, interrupt.signal).finally(() =>
          host?.stop(),
        );
        this.display.close();
        await printOutcome(this.console, started, view, { workdir: this.workdir, host: host.link });
      } finally {
        interrupt.close();
      }
    } finally {
      this.display.close();
    }
  }

  /** Whatever a person has to change in the pipeline, its tables or its model is said before anything starts. */
  private async checked(): Promise<Pipeline> {
    const { pipeline } = await checkInput(this.file, this.options.set ?? {});
    const onMessage = (message: string): void => this.display.note(message);
    const warnings = await checkModel(pipeline, { workdir: this.workdir, download: true, onMessage });
    for (const warning of warnings) this.display.note(`warning: ${warning}`);
    return pipeline;
  }

  private openHost(signal: AbortSignal): Promise<Host> {
    const { slots, threads } = this.options;
    return openHost({
      workdir: this.workdir,
      // The pipeline is the user's own: the run may read what the user may.
      roots: null,
      log: new HostLog(this.workdir),
      signal,
      onMessage: (message) => this.display.note(message),
      ...(slots === undefined ? {} : { slots }),
      ...(threads === undefined ? {} : { threads }),
    });
  }

  private async follow(
    host: Host,
    pipeline: Pipeline,
    interrupted: AbortSignal,
  ): Promise<{ started: StartedRun; view: RunView | null }> {
    const { client } = host.link;
    const fresh = this.options.fresh === true;
    const started = await startRun(client, pipeline, { fresh, startedAt: new Date() });
    if (started.attached) await this.attach(host, started);
    const watching = watchRun(client, started.handle, this.display, interrupted, this.waits());
    const view = await Promise.race([watching, host.working.then(() => watching)]);
    if (interrupted.aborted) throw new Interrupted(`Stopped. Go on with: ${this.again()}`);
    if (view?.progress.state === 'waiting') throw new CommandFailure(this.undecided(view), 1);
    await requireCompleted(started.handle, view);
    return { started, view };
  }

  /** An open run may wait since a fold failed: running it again is the decision to try that again. */
  private async attach({ link }: Host, { handle, run }: StartedRun): Promise<void> {
    this.display.note(`Run ${run} of this pipeline is open: it goes on.`);
    const retried = await retryFailed(handle, await observeRun(link.client, handle));
    if (retried.length > 0) this.display.note(`What had failed is tried again: ${retried.join(', ')}.`);
  }

  private waits(): boolean {
    return this.options.wait ?? process.stdout.isTTY === true;
  }

  private undecided(view: RunView): string {
    const { progress } = view;
    return [
      `run ${progress.run} waits: ${progress.waitingFor ?? 'for a decision'}`,
      ...failureReasons(view),
      `Try again with: ${this.again()}`,
      `Or go on without a fold: foldwise dev${this.place()}, and beside it: foldwise skip ${JSON.stringify(progress.run)} --fold N${this.place()}`,
    ].join('\n');
  }

  private again(): string {
    const set = Object.entries(this.options.set ?? {}).map(
      ([path, value]) => ` --set ${JSON.stringify(`${path}=${value}`)}`,
    );
    return `foldwise run ${this.file}${set.join('')}${this.place()}`;
  }

  private place(): string {
    const { workdir } = this.options;
    return workdir === undefined ? '' : ` --workdir ${workdir}`;
  }
}
