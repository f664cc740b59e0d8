import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { AcceptedRuns } from '../../activities/admission.js';
import type { PipelineInput } from '../../activities/contracts.js';
import { foldCountWords, isPlainSplit, splitWords } from '../../pipeline/folds.js';
import { pipelineDigest } from '../../pipeline/keys.js';
import { axesOf, combinationsOf } from '../../pipeline/matrix.js';
import { optionWords } from '../../pipeline/neutral-settings.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { decisionWords } from '../../report/decision-words.js';
import { workflowQueue } from '../../pipeline/task-queues.js';
import { memberWords } from '../plan/member-words.js';
import { runOf } from './find-run.js';
import { startOrAttach, type StartedWorkflow } from './start-or-attach.js';

export interface StartOptions {
  /** Disregard what earlier runs recorded. */
  readonly fresh: boolean;
  /** Names the run's directory. */
  readonly startedAt: Date;
  /** Told of the run, for workers of this process that work for no other. */
  readonly accepts?: AcceptedRuns;
  /** Default `foldwise`. */
  readonly taskQueue?: string;
}

/**
 * Starts a run, or attaches to the open one of the same resolved pipeline: the workflow's id is made of
 * the pipeline's name and digest, so the server itself sees to it that there is one.
 */
export async function startRun(
  client: Client,
  pipeline: Pipeline,
  options: StartOptions,
): Promise<StartedWorkflow> {
  const workflowId = workflowIdOf(pipeline);
  const run = runIdOf(pipeline, options.startedAt);
  const input: PipelineInput = { pipeline, run, fresh: options.fresh };
  // Before it is started: its first activity may come at once.
  options.accepts?.add(workflowId, run, pipeline);
  const started = await startOrAttach(client, 'pipeline', {
    workflowId,
    taskQueue: options.taskQueue ?? workflowQueue,
    args: [input],
    memo: { run },
    ...summaryOf(pipeline),
  });
  options.accepts?.add(workflowId, started.run, pipeline);
  return started;
}

/** Has workers of this process work for the open run of a resolved pipeline, where there is one. */
export async function acceptOpenRun(
  client: Client,
  pipeline: Pipeline,
  accepts: AcceptedRuns,
): Promise<void> {
  const workflowId = workflowIdOf(pipeline);
  try {
    const description = await client.workflow.getHandle(workflowId).describe();
    if (description.status.name === 'RUNNING') accepts.add(workflowId, runOf(description), pipeline);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

/** `quickstart-1f2e3d4c5b6a`: the same for the same resolved pipeline. */
export function workflowIdOf(pipeline: Pipeline): string {
  return `${pipeline.name}-${pipelineDigest(pipeline).slice(0, 12)}`;
}

/** A run's id has at most 64 characters. */
const nameInRunId = 41;

/** `quickstart-20261123-221105-1f2e3d`: in a listing the runs of a pipeline stand in their order. */
export function runIdOf(pipeline: Pipeline, startedAt: Date): string {
  const [day = '', time = ''] = startedAt.toISOString().replace(/[-:]/g, '').slice(0, 15).split('T');
  const name = [...pipeline.name].slice(0, nameInRunId).join('');
  return `${name}-${day}-${time}-${pipelineDigest(pipeline).slice(0, 6)}`;
}

/** What the Web UI shows beside the run. */
export function summaryOf(pipeline: Pipeline): { staticSummary: string; staticDetails: string } {
  const { name, labels, data, folds, model, training } = pipeline;
  const options = optionWords(training);
  const decisions = decisionWords(pipeline);
  const members = memberWords(pipeline);
  const count = combinationsOf(axesOf(pipeline)).length;
  const trained = model.checkpoint ?? `${model.scratch?.type} from scratch`;
  return {
    staticSummary: `${name}: ${trained}, ${foldCountWords(folds)}${members === null ? '' : ` × ${count} members`}`,
    staticDetails: [
      `**Labels** ${labels.join(', ')}`,
      `**Training rows** \`${data.train}\``,
      `**Test rows** ${data.test === undefined ? 'none' : `\`${data.test}\``}`,
      `**Model** \`${trained}\`, at most ${model.maxLength} tokens`,
      ...(isPlainSplit(folds) ? [] : [`**Split** ${splitWords(folds)}`]),
      ...(members === null ? [] : [`**Ensemble** ${members}`]),
      `**Training** ${training.epochs} epochs, batch ${training.batchSize}, learning rate ${training.learningRate}, seed ${training.seed}${options === '' ? '' : `, ${options}`}`,
      ...(decisions === '' ? [] : [`**Decisions** ${decisions}`]),
    ].join('\n\n'),
  };
}
