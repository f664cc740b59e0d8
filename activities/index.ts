import { aggregateOof } from './aggregate-oof.js';
import type { RunActivities, StepActivities } from './contracts.js';
import { lookupSteps } from './lookup-steps.js';
import { predictEnsemble } from './predict-ensemble.js';
import { prepareData } from './prepare-data.js';
import { resolvePipeline } from './resolve-pipeline.js';
import type { Services } from './services.js';
import { trainFold } from './train-fold.js';
import { tuneThresholds } from './tune-thresholds.js';
import { writeReport } from './write-report.js';

/** All activities, over what they work with. */
export function createActivities(services: Services): RunActivities & StepActivities {
  return {
    resolvePipeline: resolvePipeline(services),
    lookupSteps: lookupSteps(services),
    prepareData: prepareData(services),
    trainFold: trainFold(services),
    aggregateOof: aggregateOof(services),
    tuneThresholds: tuneThresholds(services),
    predictEnsemble: predictEnsemble(services),
    writeReport: writeReport(services),
  };
}
