import {
  CancelledFailure,
  TerminatedFailure,
  WorkflowFailedError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import { connect } from '../cli/connection.js';
import { checkPipeline } from '../cli/input/checked-input.js';
import { checkModel } from '../cli/input/checked-model.js';
import { observeRun } from '../cli/runs/observe-run.js';
import { rootCause } from '../cli/runs/outcome.js';
import { pipelineSummaryOf } from '../cli/runs/run-end.js';
import { startRun as start } from '../cli/runs/start-run.js';
import { workdirAt } from '../cli/workdir.js';
import type { PipelineSummary } from '../workflows/pipeline.js';
import { requireKnown, requireText } from './arguments.js';
import { pipelineOfSource, type PipelineSource } from './pipeline-source.js';
import { RunFault } from './run-fault.js';
import type { RunStatus } from './run-pipeline.js';

export interface StartRunOptions {
  /** Of your own, to the server that it shall run on; it is left open. */
  readonly client?: Client;
  /**
   * Without a client: whose server is asked, unless `TEMPORAL_ADDRESS` or a Temporal profile names one. Default: the
   * current folder.
   */
  readonly workdir?: string;
  /** Of the workflow; folds train on `<taskQueue>-gpu`. Default `foldwise`. */
  readonly taskQueue?: string;
  /** Reuse nothing of earlier runs. */
  readonly fresh?: boolean;
  /** Look at the tables and the model here first. Default true; false where only the workers have them. */
  readonly check?: boolean;
}

/** A run that was started, on workers that are elsewhere. */
export interface RunHandle extends AsyncDisposable {
  /** The run's id: the name of its directory. */
  readonly run: string;
  readonly workflowId: string;
  /** Whether an open run of the same resolved pipeline was there already. */
  readonly attached: boolean;
  /** Temporal's own handle, for its updates `retry` and `skip` and all else. */
  readonly workflow: WorkflowHandle;
  /** @throws EnvironmentFault where no worker answers for it */
  status(): Promise<RunStatus>;
  /**
   * Waits for its end, also while the run itself waits for a decision about a failed fold.
   *
   * @throws RunFault where it failed or was cancelled
   */
  result(): Promise<PipelineSummary>;
  /** Asks it to end; what it has done is reused by the next one. */
  cancel(): Promise<void>;
  /** Closes the connection, unless it is of a client of your own. The run goes on. */
  close(): Promise<void>;
}

const optionNames: readonly (keyof StartRunOptions)[] = ['client', 'workdir', 'taskQueue', 'fresh', 'check'];

/**
 * Starts a run on a Temporal server whose workers are there, or attaches to the open run of the same resolved pipeline.
 *
 * @throws InputFault for what a person has to change; EnvironmentFault where no server answers
 */
export async function startRun(source: PipelineSource, options: StartRunOptions = {}): Promise<RunHandle> {
  requireKnown('startRun: options', options, optionNames);
  const { taskQueue, fresh = false, check = true } = options;
  if (taskQueue !== undefined) requireText('startRun: options.taskQueue', taskQueue);
  const pipeline = pipelineOfSource(source);
  const workdir = workdirAt(options.workdir);
  if (check) {
    await checkPipeline(pipeline, workdir);
    await checkModel(pipeline, { workdir, onDownload: null, devices: null });
  }
  const link = options.client === undefined ? await connect(workdir) : null;
  const client = options.client ?? link!.client;
  const close = async (): Promise<void> => link?.close();
  try {
    const queue = taskQueue === undefined ? {} : { taskQueue };
    const started = await start(client, pipeline, { fresh, startedAt: new Date(), ...queue });
    const { run, handle, attached } = started;
    const { workflowId } = handle;
    return {
      run,
      workflowId,
      attached,
      workflow: handle,
      status: async () => ({ workflowId, ...(await observeRun(client, started)) }),
      result: () => resultOf(run, handle),
      cancel: async () => void (await handle.cancel()),
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function resultOf(run: string, handle: WorkflowHandle): Promise<PipelineSummary> {
  try {
    return await pipelineSummaryOf({ run, handle });
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    const cancelled = cause instanceof CancelledFailure || cause instanceof TerminatedFailure;
    throw new RunFault(run, cancelled ? 'cancelled' : 'failed', rootCause(error), { cause: error });
  }
}
