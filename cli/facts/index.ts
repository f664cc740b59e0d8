import type { z } from 'zod';
import { comparisonSchema } from './comparison.js';
import { devicesSchema, fetchedProviderSchema } from './devices.js';
import { checksSchema } from './doctor.js';
import { exportedFolderSchema } from './export.js';
import { codecHostSchema, devHostSchema, servingHostSchema, workerHostSchema } from './hosts.js';
import { planSchema } from './plan.js';
import { cancellationSchema, decisionSchema, startedRunSchema, writtenReportSchema } from './run-control.js';
import { runListSchema } from './run-list.js';
import { runOutcomeSchema } from './run-outcome.js';
import { runStatusSchema } from './run-status.js';
import { scoreOutcomeSchema } from './scores.js';
import { createdScheduleSchema, scheduleChangeSchema, scheduleListSchema } from './schedules.js';
import {
  collectedStoreSchema,
  reinstatedStoreSchema,
  storedAmountsSchema,
  storedObjectsSchema,
  storedTableSchema,
  verifiedStoreSchema,
} from './store.js';
import { exportedRunsSchema } from './tensorboard.js';
import { predictedTableSchema, suggestedPipelineSchema } from './tables.js';

/** What each command prints with `--json`. */
export const facts: Readonly<Record<string, z.ZodType>> = {
  init: suggestedPipelineSchema,
  run: runOutcomeSchema,
  watch: runOutcomeSchema,
  status: runStatusSchema,
  runs: runListSchema,
  plan: planSchema,
  start: startedRunSchema,
  retry: decisionSchema,
  skip: decisionSchema,
  cancel: cancellationSchema,
  report: writtenReportSchema,
  predict: predictedTableSchema,
  serve: servingHostSchema,
  score: scoreOutcomeSchema,
  dev: devHostSchema,
  worker: workerHostSchema,
  compare: comparisonSchema,
  export: exportedFolderSchema,
  tensorboard: exportedRunsSchema,
  codec: codecHostSchema,
  'store ls': storedObjectsSchema,
  'store du': storedAmountsSchema,
  'store put': storedTableSchema,
  'store verify': verifiedStoreSchema,
  'store reinstate': reinstatedStoreSchema,
  'store gc': collectedStoreSchema,
  doctor: checksSchema,
  devices: devicesSchema,
  'devices fetch': fetchedProviderSchema,
  'schedule create': createdScheduleSchema,
  'schedule score': createdScheduleSchema,
  'schedule list': scheduleListSchema,
  'schedule trigger': scheduleChangeSchema,
  'schedule pause': scheduleChangeSchema,
  'schedule resume': scheduleChangeSchema,
  'schedule delete': scheduleChangeSchema,
};
