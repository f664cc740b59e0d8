import { z } from 'zod';
import { memberPattern } from '../pipeline/matrix.js';
import { PipelineFault } from '../pipeline/problem.js';
import { requireResolved } from '../pipeline/resolved.js';
import { matrixLimits, namePattern, pipelineLimits, stepPattern } from '../pipeline/schema.js';
import type { RunResult } from '../report/run-result.js';
import { sha256Schema } from '../store/store.js';
import { describedDataSchema } from './data-facts.js';
import { calibratorsSchema } from './calibrators.js';
import {
  calibrationSchema,
  datasetSchema,
  memberScoresSchema,
  outOfFoldSchema,
  thresholdsSchema,
  trainedFoldSchema,
} from './outputs.js';

const { macroF1, thresholds, perLabel, classes, objectives, assessment, ensemble } = thresholdsSchema.shape;
const { skippedFolds, rowsWithoutOof } = outOfFoldSchema.shape;
const { rows, split, warnings } = datasetSchema.shape;

const name = z.string().regex(namePattern);
const memberName = z.string().regex(memberPattern);
/** Settings are shown, and never used. */
const member = memberScoresSchema.extend({ settings: z.record(z.string(), z.unknown()) });
const stepName = z.string().regex(stepPattern);
const word = z.string().max(200);
const count = z.int().min(0);
const probability = z.number().min(0).max(1);
/** Rows are shown, and looked up in the table. */
const labelIssues = z.object({
  rows: count,
  perLabel: z.record(name, count),
  unskilled: z.array(name).max(pipelineLimits.labels),
  worst: z
    .array(z.object({ row: z.int().min(1), label: name, given: word, probability, score: probability }))
    .max(1000),
});
/** The resolved pipeline, held to the schema of its file. */
const configuration = z.unknown().transform((value, context) => {
  try {
    return requireResolved(value);
  } catch (error) {
    if (!(error instanceof PipelineFault)) throw error;
    for (const { path, found, expected } of error.problems) {
      context.addIssue({ code: 'custom', path: [...path], message: `found ${found}, expected ${expected}` });
    }
    return z.NEVER;
  }
});

/**
 * What `result.json` must be before anything of it is used: the file may come from anywhere, and names
 * the folders of the models. Scores that are null become NaN again.
 */
export const resultSchema: z.ZodType<RunResult> = z
  .object({
    run: name,
    pipeline: name,
    status: z.enum(['completed', 'failed', 'cancelled']),
    labels: z.array(name).min(1).max(pipelineLimits.labels),
    rows,
    split,
    data: z.object({ texts: sha256Schema, rows: sha256Schema }).exactOptional(),
    folds: z
      .array(
        trainedFoldSchema
          .pick({
            fold: true,
            bestEpoch: true,
            epochs: true,
            device: true,
            precision: true,
            card: true,
            threads: true,
            attempts: true,
            microBatch: true,
            seed: true,
            seconds: true,
          })
          .extend({ member: memberName.exactOptional() }),
      )
      .max(pipelineLimits.cells),
    macroF1,
    thresholds,
    perLabel,
    classes,
    objectives,
    calibration: calibrationSchema.extend({ calibrators: calibratorsSchema }).exactOptional(),
    assessment,
    facts: describedDataSchema.exactOptional(),
    labelIssues: labelIssues.exactOptional(),
    skippedFolds,
    members: z.array(member).max(matrixLimits.members).exactOptional(),
    ensemble,
    rowsWithoutOof,
    seconds: z.record(stepName, z.number().min(0)),
    reused: z.array(stepName).max(pipelineLimits.steps).exactOptional(),
    previous: z.object({ run: name, macroF1, change: macroF1 }).nullable().exactOptional(),
    versions: z.record(word, word),
    warnings,
    configuration,
  })
  .superRefine(
    (
      { labels, thresholds, perLabel, objectives, calibration, assessment, members = [], ensemble },
      context,
    ) => {
      const ids = new Set(members.map(({ id }) => id));
      const strange = Object.keys(ensemble?.weights ?? {}).find((id) => !ids.has(id));
      if (strange !== undefined || (ensemble === undefined) !== (ids.size === 0))
        context.addIssue({ code: 'custom', path: ['ensemble'], message: 'its members are others' });
      for (const label of labels) {
        for (const [field, values] of Object.entries({
          thresholds,
          perLabel,
          objectives: objectives?.perLabel ?? perLabel,
          calibration: calibration?.calibrators ?? perLabel,
          'calibration.before': calibration?.before.perLabel ?? perLabel,
          'calibration.after': calibration?.after.perLabel ?? perLabel,
          assessment: assessment?.perLabel ?? perLabel,
        })) {
          if (Object.hasOwn(values, label)) continue;
          context.addIssue({ code: 'custom', path: [field], message: `nothing of the label ${label}` });
        }
      }
    },
  );
