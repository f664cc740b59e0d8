import type { ActivityName } from '../pipeline/pipeline.js';
import { requireAdmission } from './admission.js';
import { aggregateOof } from './aggregate-oof.js';
import type { RunActivities, StepActivities, StepCall } from './contracts.js';
import { requireCall, requireLookup, requirePipelineInput } from './doors.js';
import { guarded } from './failures.js';
import { lookupSteps } from './lookup-steps.js';
import { predictEnsemble } from './predict-ensemble.js';
import { prepareData } from './prepare-data.js';
import { resolvePipeline } from './resolve-pipeline.js';
import type { Services } from './services.js';
import { trainFold } from './train-fold.js';
import { tuneThresholds } from './tune-thresholds.js';
import { writeReport } from './write-report.js';

/** All activities by name, as a worker registers them: each takes whatever it is sent. */
export type Activities = Readonly<
  Record<ActivityName | keyof RunActivities, (argument: unknown) => Promise<unknown>>
>;

/** All activities, over what they work with: each argument is checked before anything is done. */
export function createActivities(services: Services): Activities {
  const steps: StepActivities = {
    prepareData: prepareData(services),
    trainFold: trainFold(services),
    aggregateOof: aggregateOof(services),
    tuneThresholds: tuneThresholds(services),
    predictEnsemble: predictEnsemble(services),
    writeReport: writeReport(services),
  };
  const admitted =
    <Call extends Pick<StepCall<unknown>, 'run' | 'pipeline' | 'settings'>, Output>(
      work: (call: Call) => Promise<Output>,
    ) =>
    async (call: Call): Promise<Output> => {
      await requireAdmission(services, call);
      return work(call);
    };
  const step = <Name extends ActivityName>(name: Name) =>
    entered((argument) => requireCall(name, argument), admitted(steps[name]));
  return {
    resolvePipeline: entered(requirePipelineInput, resolvePipeline(services)),
    lookupSteps: entered(requireLookup, admitted(lookupSteps(services))),
    prepareData: step('prepareData'),
    trainFold: step('trainFold'),
    aggregateOof: step('aggregateOof'),
    tuneThresholds: step('tuneThresholds'),
    predictEnsemble: step('predictEnsemble'),
    writeReport: step('writeReport'),
  };
}

function entered<Call, Output>(
  require: (argument: unknown) => Call,
  work: (call: Call) => Promise<Output>,
): (argument: unknown) => Promise<Output> {
  return (argument) => guarded(() => work(require(argument)));
}
