import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type {
  ConfirmCall,
  LookedUp,
  LookupCall,
  PipelineInput,
  ResolvedRun,
  RunActivities,
} from '../activities/contracts.js';
import { mainQueue } from '../pipeline/activities.js';
import type { BoardCell } from './board.js';
import { patient } from './patience.js';
import { stepQueue } from '../pipeline/task-queues.js';

const around = proxyActivities<RunActivities>(patient);
const steps = proxyActivities<Record<string, (call: unknown) => Promise<unknown>>>(patient);

export function resolveRun(input: PipelineInput): Promise<ResolvedRun> {
  return around.resolvePipeline.executeWithOptions({ activityId: 'resolve', summary: 'read the pipeline' }, [
    input,
  ]);
}

/** @param name how the server knows what is looked up, unique among the look-ups that run at the same time */
export function lookUp(name: string, call: LookupCall): Promise<LookedUp[]> {
  return around.lookupSteps.executeWithOptions(
    { activityId: `lookup-${name}`, summary: `is there a result of ${call.step} already?` },
    [call],
  );
}

export function confirmResults(name: string, call: ConfirmCall): Promise<number[]> {
  return around.confirmResults.executeWithOptions(
    { activityId: `confirm-${name}`, summary: 'are all results there?' },
    [call],
  );
}

/** Runs one step, or one cell of it, on its queue. */
export function runActivity({ step, activityId, summary }: BoardCell, call: unknown): Promise<unknown> {
  const { run, timeout, queue } = step.step;
  const activity = steps[run];
  if (activity === undefined) throw new TypeError(`no activity ${run}`);
  return activity.executeWithOptions(
    {
      activityId,
      summary,
      startToCloseTimeout: timeout,
      ...(queue === mainQueue ? {} : { taskQueue: stepQueue(queue, workflowInfo().taskQueue) }),
    },
    [call],
  );
}
