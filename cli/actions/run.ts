import type { ServerLink } from '../connection.js';
import { Interrupted } from '../failure.js';
import type { Host } from '../host/host.js';
import { onInterrupt } from '../host/interrupt.js';
import { openUnless, stopping } from '../host/serve.js';
import { checkInput } from '../input/checked-input.js';
import { checkModel } from '../input/checked-model.js';
import {
  waitsForDecisions,
  type JsonOption,
  type PipelineArguments,
  type ShareOptions,
  type WaitOption,
} from '../options.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { FoundRun } from '../runs/find-run.js';
import { HostedRun } from '../runs/hosted-run.js';
import type { OpenRun } from '../runs/open-runs.js';
import type { OtherChoice } from '../runs/other-choices.js';
import { endOf, type RunEnd } from '../runs/run-end.js';
import { placeOption, quoted } from '../runs/ways.js';
import { canAsk } from '../terminal/ask.js';
import type { Console } from '../terminal/console.js';
import { openDisplay, type RunDisplay } from '../terminal/display.js';
import { askAboutOthers, describeOthers, otherWords } from '../terminal/other-runs.js';
import { tellEnd } from '../terminal/tell-end.js';
import type { DownloadView } from '../../worker/download-progress.js';
import { workdirAt, writableWorkdir, type Workdir } from '../workdir.js';

interface RunOptions extends PipelineArguments, ShareOptions, JsonOption, WaitOption {
  readonly fresh?: boolean;
  readonly other?: OtherChoice;
}

export async function run(console: Console, options: RunOptions, file: string): Promise<void> {
  await new RunCommand(console, file, options).run();
}

class RunCommand {
  private readonly workdir: Workdir;
  private readonly display: RunDisplay;
  private readonly json: boolean;

  constructor(
    private readonly console: Console,
    private readonly file: string,
    private readonly options: RunOptions,
  ) {
    this.workdir = workdirAt(options.workdir);
    this.json = options.json === true;
    this.display = openDisplay(console, this.json);
  }

  async run(): Promise<void> {
    try {
      const run = this.hosted(await this.checked());
      let host: Host | undefined;
      const interrupt = onInterrupt(
        () => this.display.note(stopping),
        () => host?.stopNow(),
      );
      try {
        host = await openUnless(interrupt.signal, (signal) => run.open(signal));
        const { link } = host;
        const end = await this.follow(run, host, interrupt.signal).finally(() => host?.stop());
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

  private hosted(pipeline: Pipeline): HostedRun {
    const { fresh = false, slots, threads } = this.options;
    return new HostedRun(pipeline, {
      workdir: this.workdir,
      display: this.display,
      fresh,
      waits: waitsForDecisions(this.options),
      decideOthers: (others, interrupted) => this.decideOthers(others, interrupted),
      ...(slots === undefined ? {} : { slots }),
      ...(threads === undefined ? {} : { threads }),
    });
  }

  private async decideOthers(others: readonly OpenRun[], interrupted: AbortSignal): Promise<OtherChoice> {
    this.display.note(describeOthers(others, new Date()));
    if (this.options.other === undefined && canAsk()) return askAboutOthers(interrupted);
    const choice = this.options.other ?? 'keep';
    this.display.note(otherWords(choice));
    return choice;
  }

  private async follow(run: HostedRun, host: Host, interrupted: AbortSignal): Promise<RunEnd> {
    const followed = await run.follow(host, interrupted);
    if (followed === null) throw new Interrupted(`Stopped. Go on with: ${this.again()}`);
    return endOf(followed.run, followed.view, this.workdir, this.ways(followed.run));
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
