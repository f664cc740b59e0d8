import { z } from 'zod';
import type { EpochMetrics, NamedCard } from '../engine/training/job.js';
import type { ReadOnly } from '../pipeline/read-only.js';
import { matrixLimits, pipelineLimits } from '../pipeline/schema.js';
import { objectiveSchema } from '../pipeline/thresholds.js';
import { artifactRefSchema as artifact, sha256Schema as sha256 } from '../store/store.js';
import { calibrationMethods } from '../tasks/calibration.js';
import { ensembleMethodNames } from '../tasks/ensemble.js';
import {
  fold,
  memberName,
  count,
  seconds,
  word,
  warnings,
  score,
  byLabel,
  list,
  type Fields,
} from './fields.js';

/** What each step gives, as a schema: the type is what the schema gives. Of another worker, unknown fields are dropped. */

export const epochMetrics = z.object({
  epoch: z.int().min(1).max(pipelineLimits.epochs),
  trainLoss: score,
  valLoss: score,
  macroF1: score,
  accuracy: score.exactOptional(),
} satisfies Fields<EpochMetrics>);

export const datasetSchema = z.object({
  /** `test` is null for a pipeline without rows to predict. */
  rows: z.object({ train: count, test: count.nullable() }),
  /** Column file (data/prepared-table.ts): texts, labels and fold of every training row. */
  table: artifact,
  /** Column file: ids of the training rows. */
  trainIds: artifact,
  /** Column file: ids and texts of the test rows, if there are any. Never part of a fold's key. */
  test: artifact.nullable(),
  /** Column file: the group of every training row, where rows are held out by groups. */
  groups: artifact.exactOptional(),
  /** Column file: the folds of repeated splits after the first. Part of the keys of these folds alone. */
  repeats: artifact.exactOptional(),
  /** Where rows are held out by groups: how many there are, and how many rows have a text that another has, too. */
  split: z.object({ groups: count.nullable(), rowsTogether: count.nullable() }).exactOptional(),
  /** JSON of what the tables are like (data/hygiene/data-facts.ts). Of an earlier version there is none. */
  facts: artifact.exactOptional(),
  warnings,
});
/** Output of `prepareData`. */
export type Dataset = ReadOnly<z.output<typeof datasetSchema>>;

/** A file of an exported model: folders and names that are plain, so that none leaves the model's folder. */
const modelFile = /^(?:[A-Za-z0-9_][\w.-]{0,99}\/){0,3}[A-Za-z0-9_][\w.-]{0,99}$/;

const card = z.object({ name: word, memoryBytes: count.nullable() } satisfies Fields<NamedCard>);

export const trainedFoldSchema = z.object({
  fold,
  bestEpoch: z.int().min(0).max(pipelineLimits.epochs),
  epochs: list(epochMetrics, pipelineLimits.epochs),
  /** JSON number[]: 0-based rows of the training table this fold held out. */
  rows: artifact,
  /** Raw little-endian float32 `[rows, labels]`. */
  probabilities: artifact,
  /** The exported model's files by relative path; loads in transformers as it is. */
  model: z.record(z.string().regex(modelFile), artifact),
  device: word,
  /** What products were computed in, where that was not float32. */
  precision: z.enum(['float16', 'bfloat16']).exactOptional(),
  /** Where the device is a card that is known. */
  card: card.exactOptional(),
  threads: z.int().min(1),
  attempts: z.int().min(1),
  /** Texts that passed at once, where that was not the whole batch. */
  microBatch: z.int().min(1).exactOptional(),
  seed: z.int().min(0),
  seconds,
  warnings,
});
/** What of it says on what a fold is trained, and in what. */
export const trainedOn = trainedFoldSchema.pick({ device: true, card: true, precision: true });
/** Output of `trainFold`, one per cell: the same for the same settings, whatever the member is called. */
export type TrainedFold = ReadOnly<z.output<typeof trainedFoldSchema>>;

/** What one cell gave, as the steps after it are given it. */
export const trainedCell = trainedFoldSchema.extend({ member: memberName.default('') });
export type TrainedCell = ReadOnly<z.output<typeof trainedCell>>;

export const foldReceiptSchema = z.object({
  /** JSON of the output. */
  output: artifact,
  /** Of the hashes of the artifacts that it names: what others read of it. */
  contents: sha256,
  epochs: list(epochMetrics, pipelineLimits.epochs),
  seconds,
});
/** What the workflow is told of a trained fold, where the output itself is an artifact. */
export type FoldReceipt = ReadOnly<z.output<typeof foldReceiptSchema>>;

/** A cell's output by reference, as the workflow hands it on (see references.ts). */
export const cellReferenceSchema = z.strictObject({ member: memberName.default(''), output: artifact });

const skippedFolds = list(fold, pipelineLimits.folds);
const members = <T extends z.ZodType>(entry: T) => list(entry, matrixLimits.members);
const method = z.enum(ensembleMethodNames);
/** One per member that the ensemble is made of. */
const weights = members(z.number().min(0).max(1));

export const outOfFoldSchema = z.object({
  /**
   * Raw little-endian float32 `[rows, labels]`; NaN where no fold predicted the row. Of an ensemble each row is
   * mixed by the weights that were learnt without its fold.
   */
  probabilities: artifact,
  /** `oof.csv`. */
  csv: artifact,
  rowsWithoutOof: count,
  /** Folds that no member has. */
  skippedFolds,
  /** Where the pipeline has more than one member. */
  ensemble: z
    .object({
      method,
      /** Those that it is made of. */
      members: members(
        z.object({
          id: memberName,
          /** As above, of this member alone. */
          probabilities: artifact,
          /** `oof-<member>.csv`. */
          csv: artifact,
          skippedFolds,
        }),
      ),
      /** Those that are left out. */
      dropped: members(z.object({ id: memberName, skippedFolds })),
      weights: z.object({
        final: weights,
        without: list(z.object({ fold, weights }), pipelineLimits.folds),
      }),
    })
    .refine(({ members, weights: { final, without } }) =>
      [final, ...without.map((each) => each.weights)].every((each) => each.length === members.length),
    )
    .exactOptional(),
});
/** Output of `aggregateOof`. */
export type OutOfFold = ReadOnly<z.output<typeof outOfFoldSchema>>;

const macroF1 = z.object({ atHalf: score, tuned: score, crossFitted: score });
const interval = z.tuple([score, score]);
/** In cross-fitted macro F1, with its 95 % interval; null where there is nothing to compare with. */
const gain = z.object({ macroF1: score, interval }).nullable();

/** How far a score is to be trusted (see metrics/standing.ts). */
const standing = z.object({
  intervals: z.object({ atHalf: interval, crossFitted: interval }),
  noSkill: z.object({ always: score, guess: score }),
  overNoSkill: z.object({ difference: score, interval }),
  verdict: z.enum(['better', 'not-shown', 'untold']),
});
const assessed = standing.extend({
  averagePrecision: score,
  rocAuc: score,
  brier: score,
  calibrationError: score,
});
const average = macroF1.exactOptional();
const assessmentSchema = z.object({
  macro: assessed,
  perLabel: byLabel(assessed),
  averages: z.object({
    microF1: average,
    weightedF1: average,
    samplesF1: average,
    subsetAccuracy: average,
    jaccard: average,
  }),
  /** Where a row has one class. */
  accuracy: standing.exactOptional(),
});

/** What the threshold of a label was to reach, and what it does (see metrics/sought.ts). */
const sought = z.object({
  objective: objectiveSchema,
  score: macroF1,
  precision: macroF1,
  recall: macroF1,
  held: z.object({ tuned: z.boolean(), crossFitted: z.boolean() }).nullable(),
});

const calibrationScores = z.object({ brier: score, calibrationError: score, logLoss: score });
const allCalibrationScores = z.object({ macro: calibrationScores, perLabel: byLabel(calibrationScores) });
/** What calibration changes, cross-fitted (see metrics/nested-calibration.ts). */
export const calibrationSchema = z.object({
  method: z.enum(calibrationMethods),
  before: allCalibrationScores,
  after: allCalibrationScores,
});

/** What a member of an ensemble reaches alone; null where it is left out. */
export const memberScoresSchema = z.object({ id: memberName, macroF1: macroF1.nullable(), skippedFolds });

export const thresholdsSchema = z.object({
  /** Of the probability; where a row has one class, the offset of its logarithm. */
  thresholds: byLabel(z.number().min(-100).max(100)),
  macroF1,
  perLabel: byLabel(
    z.object({
      atHalf: score,
      tuned: score,
      crossFitted: score,
      support: count,
      /** False where no threshold finds a row of the label, so that it is 0.5. */
      tunable: z.boolean().exactOptional(),
      /** Folds that the cross-fitted score judges at 0.5: nothing could be tuned on the others. */
      untunedFolds: list(fold, pipelineLimits.folds).exactOptional(),
      /** The least and the most that was tuned without a fold. */
      spread: interval.exactOptional(),
    }),
  ),
  /** Where a row has one class. */
  classes: z
    .object({
      accuracy: z.object({ atHalf: score, tuned: score, crossFitted: score }),
      logLoss: score,
      /** Rows by true class, then by the class that the cross-fitted decision gives. */
      confusion: list(list(count, pipelineLimits.labels), pipelineLimits.labels),
    })
    .exactOptional(),
  /** Where thresholds were to reach something else than F1; `macro` where that is the same for all labels. */
  objectives: z.object({ macro: macroF1.nullable(), perLabel: byLabel(sought) }).exactOptional(),
  /** Where probabilities are calibrated, with JSON of what calibrates new ones (see calibrators.ts). */
  calibration: calibrationSchema.extend({ calibrators: artifact }).exactOptional(),
  /** Of a run of an earlier version there is none, nor without a row. */
  assessment: assessmentSchema.exactOptional(),
  /** Where the pipeline has more than one member: what each reaches, those that were left out last. */
  members: members(memberScoresSchema).exactOptional(),
  ensemble: z
    .object({
      method,
      /** By member, of new rows too; of none that was left out. */
      weights: z.record(memberName, z.number().min(0).max(1)),
      /** Over the plain mean of the members, and over one member alone. */
      gain: z.object({ overMean: gain, overBest: gain }),
    })
    .exactOptional(),
});
/** Output of `tuneThresholds`. */
export type Thresholds = ReadOnly<z.output<typeof thresholdsSchema>>;

export const submissionSchema = z.object({
  /** `submission.csv`. */
  submission: artifact,
  /** `predictions.csv`; runs that began before there was one have none. */
  predictions: artifact.exactOptional(),
  rows: count,
  /** What all models computed on; absent where that was the processor. */
  device: word.exactOptional(),
  /** What their products were in; absent where that was float32. */
  precisions: z.array(word).max(3).exactOptional(),
});
/** Output of `predictEnsemble`. */
export type Submission = ReadOnly<z.output<typeof submissionSchema>>;

export const reportSchema = z.object({
  report: artifact,
  result: artifact,
  /** The texts that the report shows, if it may show any; runs of an earlier version have none. */
  texts: artifact.exactOptional(),
  /** `label-issues.csv`. */
  labelIssues: artifact.exactOptional(),
  /** `groups.csv`, where rows are held out by groups. */
  groups: artifact.exactOptional(),
});
/** Output of `writeReport`. */
export type Report = ReadOnly<z.output<typeof reportSchema>>;
