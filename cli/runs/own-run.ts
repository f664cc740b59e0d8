import type { ServerLink } from '../connection.js';
import { Interrupted } from '../failure.js';
import type { Host } from '../host/host.js';
import { onInterrupt } from '../host/interrupt.js';
import { openUnless, stopping } from '../host/serve.js';
import {
  waitsForDecisions,
  type DeviceOption,
  type JsonOption,
  type PipelineArguments,
  type ShareOptions,
  type WaitOption,
} from '../options.js';
import { automatic } from '../../engine/device/choice.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { UsableDevice } from '../../worker/devices/probe.js';
import type { FoundRun } from './find-run.js';
import { HostedRun } from './hosted-run.js';
import type { OpenRun } from './open-runs.js';
import type { OtherChoice } from './other-choices.js';
import { endOf, type RunEnd } from './run-end.js';
import { placeOption, quoted } from './ways.js';
import { canAsk } from '../terminal/ask.js';
import type { Console } from '../terminal/console.js';
import type { RunDisplay } from '../terminal/display.js';
import { askAboutOthers, describeOthers, otherWords } from '../terminal/other-runs.js';
import { tellEnd } from '../terminal/tell-end.js';
import { workdirAt, type Workdir } from '../workdir.js';

export interface RunOptions extends PipelineArguments, DeviceOption, ShareOptions, JsonOption, WaitOption {
  readonly fresh?: boolean;
  readonly other?: OtherChoice;
}

/** What `foldwise run` does once its input is found sound: server and workers in this process, and the run's end. */
export class OwnRun {
  private readonly workdir: Workdir;
  private readonly json: boolean;

  constructor(
    private readonly console: Console,
    private readonly display: RunDisplay,
    private readonly file: string,
    private readonly options: RunOptions,
  ) {
    this.workdir = workdirAt(options.workdir);
    this.json = options.json === true;
  }

  /** @param usable what its folds train on */
  async run(pipeline: Pipeline, usable: readonly UsableDevice[]): Promise<void> {
    const run = this.hosted(pipeline, usable);
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
  }

  private history({ uiUrl, address }: ServerLink): string {
    return uiUrl === null ? `that of ${address}` : `foldwise dev${placeOption(this.options)}`;
  }

  private hosted(pipeline: Pipeline, usable: readonly UsableDevice[]): HostedRun {
    const { fresh = false, slots, threads } = this.options;
    return new HostedRun(pipeline, {
      workdir: this.workdir,
      display: this.display,
      fresh,
      usable,
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
    const { set = {}, slots, threads, device } = this.options;
    const sets = Object.entries(set).map(([path, value]) => ` --set ${quoted(`${path}=${value}`)}`);
    // With another number of threads, or on another device, the folds would be other ones.
    const devices = device === automatic ? '' : ` --device ${device.join(',')}`;
    const shares = `${slots === undefined ? '' : ` --slots ${slots}`}${threads === undefined ? '' : ` --threads ${threads}`}`;
    return `foldwise run ${quoted(this.file)}${sets.join('')}${devices}${shares}${placeOption(this.options)}`;
  }
}
