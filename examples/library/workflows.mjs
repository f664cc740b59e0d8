// The workflow types of the worker: the pipeline's, and one of your own that runs it.
import { executeChild, proxyActivities } from '@temporalio/workflow';

export * from 'foldwise/workflows';

const { announce } = proxyActivities({ startToCloseTimeout: '1 minute' });

/** Trains, then announces. */
export async function nightly(pipeline) {
  const { run, macroF1 } = await executeChild('pipeline', { args: [{ pipeline }] });
  return announce(run, macroF1.crossFitted);
}
