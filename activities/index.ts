import { memberOf } from '../pipeline/members.js';
import type { ActivityName } from '../pipeline/pipeline.js';
import { requireAdmission } from './admission.js';
import { aggregateOof } from './aggregate-oof.js';
import type { RunActivities, StepActivities, StepCall } from './contracts.js';
import { confirmResults } from './confirm-results.js';
import { requireCall, requireConfirmation, requireLookup, requirePipelineInput } from './doors.js';
import { guarded } from './failures.js';
import { beating } from './heartbeat.js';
import { lookupSteps } from './lookup-steps.js';
import { predictEnsemble } from './predict-ensemble.js';
import { prepareData } from './prepare-data.js';
import { dereferenced, receiptOf } from './references.js';
import { createScoreActivities } from './scoring/index.js';
import type { ScoreActivities } from './scoring/contracts.js';
import { resolvePipeline } from './resolve-pipeline.js';
import type { Services } from './services.js';
import { trainFold } from './train-fold.js';
import { tuneThresholds } from './tune-thresholds.js';
import { writeReport } from './write-report.js';

/** All activities by name, as a worker registers them: each takes whatever it is sent. */
export type Activities = Readonly<
  Record<ActivityName | keyof RunActivities | keyof ScoreActivities, (argument: unknown) => Promise<unknown>>
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
  const admitted = async (call: Pick<StepCall<unknown>, 'run' | 'pipeline' | 'settings'>): Promise<void> =>
    requireAdmission(services, call);
  const whole = (argument: unknown) => beating(() => dereferenced(services.store, argument));
  const step =
    <Name extends Exclude<ActivityName, 'trainFold'>>(name: Name) =>
    (argument: unknown) =>
      guarded(async () => {
        const call = requireCall(name, (await whole(argument)).call);
        await admitted(call);
        return steps[name](call);
      });
  return {
    resolvePipeline: (argument) => guarded(() => resolvePipeline(services)(requirePipelineInput(argument))),
    lookupSteps: (argument) =>
      guarded(async () => {
        const call = requireLookup((await whole(argument)).call);
        await admitted(call);
        return lookupSteps(services)(call);
      }),
    confirmResults: (argument) =>
      guarded(async () => {
        const call = requireConfirmation(argument);
        await admitted(call);
        return confirmResults(services)(call);
      }),
    prepareData: step('prepareData'),
    trainFold: (argument) =>
      guarded(async () => {
        const { call: found, named } = await whole(argument);
        const call = requireCall('trainFold', found);
        await admitted(call);
        const { pipeline } = memberOf(call.pipeline, call.member);
        const trained = await steps.trainFold({ ...call, pipeline });
        return named ? receiptOf(services.store, trained) : trained;
      }),
    aggregateOof: step('aggregateOof'),
    tuneThresholds: step('tuneThresholds'),
    predictEnsemble: step('predictEnsemble'),
    writeReport: step('writeReport'),
    ...createScoreActivities(services),
  };
}
