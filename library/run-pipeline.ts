import type { RunOutcome } from '../cli/facts/run-outcome.js';
import { checkPipeline } from '../cli/input/checked-input.js';
import { hostDevices } from '../cli/host/devices.js';
import { checkModel } from '../cli/input/checked-model.js';
import { HostedRun } from '../cli/runs/hosted-run.js';
import { pipelineSummaryOf } from '../cli/runs/run-end.js';
import { outcomeOf } from '../cli/runs/run-facts.js';
import type { RunView } from '../cli/runs/run-view.js';
import { failureReasons } from '../cli/runs/waiting.js';
import { writableWorkdir, workdirAt } from '../cli/workdir.js';
import { parseDevices, type DeviceChoice } from '../engine/device/choice.js';
import { InputFault } from '../errors/fault.js';
import type { RunResult } from '../report/run-result.js';
import { downloadLines, type DownloadView } from '../worker/download-progress.js';
import { requireKnown, requireText, requireThreads } from './arguments.js';
import { pipelineOfSource, type PipelineSource } from './pipeline-source.js';
import { RunFault } from './run-fault.js';

/** One moment of a run. */
export interface RunStatus extends RunView {
  readonly workflowId: string;
}

export interface RunPipelineOptions {
  /** Everything that is written goes below it. Default: the current folder. */
  readonly workdir?: string;
  /**
   * What folds train on, as the command's `--device` takes it: `cpu`, `webgpu`, `cuda:0,cuda:1`. Default `auto`: cards of
   * CUDA where its provider has been fetched, else the processor.
   */
  readonly device?: string;
  /** Folds trained at once. Default: as the machine and its devices allow. */
  readonly slots?: number;
  /** Threads of each fold. Default: the processors, divided by the slots. */
  readonly threads?: number;
  /** Reuse nothing of earlier runs. */
  readonly fresh?: boolean;
  /** Told twice a second how far it is. */
  readonly onProgress?: (status: RunStatus) => void;
  /** Told what a person should know: warnings, downloads, and what is started. */
  readonly onMessage?: (message: string) => void;
  /**
   * Once aborted, folds in training write a checkpoint, what was started ends, and the call rejects with its reason;
   * the same call goes on from there.
   */
  readonly signal?: AbortSignal;
}

/** A run that has completed, with its `result.json` where its pipeline has a report. */
export interface CompletedRun extends Omit<RunOutcome, 'state' | 'waitingFor' | 'failure'> {
  readonly result: RunResult | null;
}

/** Two runs at once in one process would stop the server under each other. */
const busy = new Set<string>();

/**
 * Runs a pipeline from its data to its report as the command `run` does: a server, unless one is configured
 * (`TEMPORAL_ADDRESS`) or runs for the workdir, workers and the run in this process; folds train in child processes.
 * What earlier runs did is reused, and an open run of the same pipeline goes on. Other open runs stay as they are.
 *
 * @throws InputFault for what a person has to change; RunFault where the run did not complete, also where a fold has
 *   failed and it waits for a decision: the same call tries that again
 */
export async function runPipeline(
  source: PipelineSource,
  options: RunPipelineOptions = {},
): Promise<CompletedRun> {
  requireKnown('runPipeline: options', options, optionNames);
  for (const name of ['slots', 'threads'] as const)
    if (options[name] !== undefined) requireThreads(`runPipeline: options.${name}`, options[name]);
  const { path } = workdirAt(options.workdir);
  if (busy.has(path)) {
    throw new InputFault({
      where: path,
      what: 'this process has a run under way in this workdir',
      remedy: 'Wait for it, or name another workdir.',
    });
  }
  busy.add(path);
  try {
    return await run(source, options);
  } finally {
    busy.delete(path);
  }
}

const optionNames: readonly (keyof RunPipelineOptions)[] = [
  'workdir',
  'device',
  'slots',
  'threads',
  'fresh',
  'onProgress',
  'onMessage',
  'signal',
];

function chosenDevice(device: string | undefined): DeviceChoice | undefined {
  const where = 'runPipeline: options.device';
  if (device === undefined) return undefined;
  requireText(where, device);
  return parseDevices(device, where);
}

async function run(source: PipelineSource, options: RunPipelineOptions): Promise<CompletedRun> {
  const { onMessage = () => undefined, onProgress, fresh = false, slots, threads } = options;
  const { signal = new AbortController().signal } = options;
  signal.throwIfAborted();
  const device = chosenDevice(options.device);
  const pipeline = pipelineOfSource(source);
  const place = workdirAt(options.workdir);
  const { warnings } = await checkPipeline(pipeline, place);
  const onDownload = downloadLines(onMessage);
  const givenUp = (error: unknown): never => {
    throw signal.aborted ? signal.reason : error;
  };
  const usable = await hostDevices({ device, slots, signal, onMessage }).catch(givenUp);
  const { warnings: ofModel } = await checkModel(pipeline, { workdir: place, onDownload, devices: usable });
  for (const warning of [...warnings, ...ofModel]) onMessage(`warning: ${warning}`);
  const workdir = await writableWorkdir(options.workdir);
  let workflowId = '';
  const hosted = new HostedRun(pipeline, {
    workdir,
    fresh,
    waits: false,
    decideOthers: () => Promise.resolve('keep'),
    onStarted: (started) => (workflowId = started.handle.workflowId),
    display: {
      update: (view) => onProgress?.({ workflowId, ...view }),
      note: onMessage,
      download: (view: DownloadView | null) => view !== null && onDownload(view),
      close: () => undefined,
    },
    usable,
    ...(slots === undefined ? {} : { slots }),
    ...(threads === undefined ? {} : { threads }),
  });
  signal.throwIfAborted();
  const host = await hosted.open(signal).catch(givenUp);
  try {
    const followed = await hosted.follow(host, signal);
    if (followed === null) throw signal.reason;
    const { run, view } = followed;
    const { state, waitingFor } = view.progress;
    if (state !== 'completed') {
      const why = view.failure ?? [waitingFor ?? '', ...failureReasons(view)].join('\n');
      throw new RunFault(run.run, state, why);
    }
    const summary = await pipelineSummaryOf(run);
    const { outcome, result } = await outcomeOf(run, view, summary, workdir);
    const { state: _state, waitingFor: _waitingFor, failure: _failure, ...completed } = outcome;
    return { ...completed, result };
  } finally {
    await host.stop();
    await host.link.close();
  }
}
