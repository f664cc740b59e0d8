import { z } from 'zod';
import { capped } from '../errors/capped.js';
import type { EpochMetrics } from '../engine/training/job.js';
import type { ActivityName, Pipeline } from '../pipeline/pipeline.js';
import { memberPattern } from '../pipeline/matrix.js';
import type { ReadOnly } from '../pipeline/read-only.js';
import { requireResolved } from '../pipeline/resolved.js';
import { matrixLimits, namePattern, pipelineLimits, stepPattern } from '../pipeline/schema.js';
import { artifactRefSchema as artifact, sha256Schema as sha256 } from '../store/store.js';
import { ensembleMethodNames } from '../tasks/ensemble.js';

/**
 * What travels between the workflow and its activities, each as a schema: the type is what the schema
 * gives, and what does not fit is refused at the activity's door (doors.ts).
 *
 * Unknown fields are dropped, so that a worker understands calls of a newer one.
 */

const runName = z.string().regex(namePattern);
const stepName = z.string().regex(stepPattern);
const fold = z.int().min(1).max(pipelineLimits.folds);
/** Of the ensemble; empty where folds are the only axis of the matrix. */
const memberName = z.string().regex(memberPattern);
const cell = z.object({ member: memberName.default(''), fold });
const count = z
  .int()
  .min(0)
  .max(2 ** 40);
const seconds = z.number().min(0);
/** Shown to people: names of devices, versions and the like. */
const word = z.string().min(1).max(200);
const mostWarnings = 50;
const mostOfWarning = 1_000;
/** Notes for people: the first of them, each cut where it is long, since they travel with every output. */
const warnings = z.array(z.string()).transform((texts) => {
  const told = texts.slice(0, mostWarnings).map((text) => capped(text, mostOfWarning));
  const more = texts.length - mostWarnings;
  return more > 0 ? [...told, `and ${more} more warnings`] : told;
});

/** A score that could not be computed is NaN, and null in JSON. */
const score = z.union([z.number(), z.nan(), z.null().transform(() => NaN)]);
const byLabel = <T extends z.ZodType>(value: T) => z.record(z.string().regex(namePattern), value);
const list = <T extends z.ZodType>(entry: T, most: number) => z.array(entry).max(most);
/** The resolved pipeline, held to the schema of its file. */
const pipeline = z.unknown().transform((value) => requireResolved(value));

/** Lists and tuples included. */
/** A schema for every field of a type that is declared elsewhere, the optional ones included. */
type Fields<T> = { readonly [Key in keyof T]-?: z.ZodType<T[Key]> };

function isPathOrMap(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= 4096;
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What starts a run: the argument of the workflow `pipeline`, as `foldwise config` prints it. */
export const pipelineInputSchema = z.strictObject({
  /** The pipeline itself, or the path or file URI of its YAML. */
  pipeline: z.unknown().refine(isPathOrMap, 'a map, or the path of a file'),
  /** Values by dotted path (`training.epochs`): strings as `--set` takes them, or any JSON. */
  overrides: z.record(z.string(), z.unknown()).exactOptional(),
  /** The run's id; by default made of the workflow's. */
  run: runName.exactOptional(),
  /** Disregards what earlier runs recorded. Default false. */
  fresh: z.boolean().exactOptional(),
});
export type PipelineInput = ReadOnly<z.output<typeof pipelineInputSchema>>;

const settings = z.object({
  fresh: z.boolean(),
  /** `cpu` …; part of a fold's key, as is the number of threads. */
  device: z.string().regex(/^[a-z][a-z0-9:._-]{0,63}$/i),
  threads: z.int().min(1).max(1024),
  /** The execution that took the run's name: a workflow that was reset to a later point goes on with it. */
  execution: z.string().max(200).exactOptional(),
});
/** What holds for a whole run, decided once at its start. */
export type RunSettings = ReadOnly<z.output<typeof settings>>;

export const resolvedRunSchema = z.object({
  run: runName,
  pipeline,
  settings,
  /**
   * The pipeline as an artifact, which calls name in its place; what folds give is then named, too. Runs that
   * began before there was one carry everything themselves.
   */
  reference: artifact.exactOptional(),
  /** Whether the namespace knows foldwise's search attributes. */
  searchAttributes: z.boolean(),
  /** Where the run's files go, as the worker sees it. */
  runDirectory: z.string().max(8192),
});
/** Output of `resolvePipeline`. */
export type ResolvedRun = ReadOnly<z.output<typeof resolvedRunSchema>>;

export const lookupCallSchema = z
  .object({
    run: runName,
    /** Always whole: a lost artifact of it is made anew by the look-up. */
    pipeline,
    settings,
    step: stepName,
    inputs: z.record(z.string(), z.unknown()),
    /** The cells asked for; null for a plain step. */
    cells: list(cell, pipelineLimits.cells).nullable().exactOptional(),
    /** Folds in place of cells, as runs ask that began before there were others. */
    members: list(fold, pipelineLimits.folds).nullable().exactOptional(),
    /** Whether what folds gave is to be named in place of carried. */
    references: z.boolean().default(false),
  })
  .transform(({ cells, members, ...call }) => ({
    ...call,
    cells: cells ?? members?.map((fold) => ({ member: '', fold })) ?? null,
  }));
/** Asks for the keys of a step, and for what is recorded under them. */
export type LookupCall = ReadOnly<z.output<typeof lookupCallSchema>>;

const lookedUp = z.object({
  /** The fold; null for a plain step. */
  index: fold.nullable(),
  /** The fold's member of the ensemble, where it has a name. */
  member: memberName.exactOptional(),
  key: sha256,
  /** The recorded output, its artifacts verified; null where the step has to run. */
  output: z.unknown(),
});
export const lookedUpSchema = list(lookedUp, pipelineLimits.cells);
export type LookedUp = ReadOnly<z.output<typeof lookedUp>>;

const epochMetrics = z.object({
  epoch: z.int().min(1).max(pipelineLimits.epochs),
  trainLoss: score,
  valLoss: score,
  macroF1: score,
  accuracy: score.exactOptional(),
} satisfies Fields<EpochMetrics>);

export const epochFinishedSchema = cell.extend({ metrics: epochMetrics });
/** The signal of a fold at each epoch's end, and what it carries. */
export type EpochFinishedSignal = 'epochFinished';
export type EpochFinished = ReadOnly<z.output<typeof epochFinishedSchema>>;

export const datasetSchema = z.object({
  /** `test` is null for a pipeline without rows to predict. */
  rows: z.object({ train: count, test: count.nullable() }),
  /** Column file (data/prepared-table.ts): texts, labels and fold of every training row. */
  table: artifact,
  /** Column file: ids of the training rows. */
  trainIds: artifact,
  /** Column file: ids and texts of the test rows, if there are any. Never part of a fold's key. */
  test: artifact.nullable(),
  warnings,
});
/** Output of `prepareData`. */
export type Dataset = ReadOnly<z.output<typeof datasetSchema>>;

/** A file of an exported model: folders and names that are plain, so that none leaves the model's folder. */
const modelFile = /^(?:[A-Za-z0-9_][\w.-]{0,99}\/){0,3}[A-Za-z0-9_][\w.-]{0,99}$/;

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
  threads: z.int().min(1),
  attempts: z.int().min(1),
  seed: z.int().min(0),
  seconds,
  warnings,
});
/** Output of `trainFold`, one per cell: the same for the same settings, whatever the member is called. */
export type TrainedFold = ReadOnly<z.output<typeof trainedFoldSchema>>;

/** What one cell gave, as the steps after it are given it. */
const trainedCell = trainedFoldSchema.extend({ member: memberName.default('') });
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
      /** False where no threshold gives an F1 above 0, so that it is 0.5. */
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
});
/** Output of `predictEnsemble`. */
export type Submission = ReadOnly<z.output<typeof submissionSchema>>;

export const reportSchema = z.object({ report: artifact, result: artifact });
/** Output of `writeReport`. */
export type Report = ReadOnly<z.output<typeof reportSchema>>;

/** A step's output with the wall-clock seconds that it took. */
export type Timed<Output> = Output & { readonly seconds: number };
const timed = <T extends z.ZodRawShape>(output: z.ZodObject<T>) => output.extend({ seconds });

/** What every step activity is told; `inputs` holds the outputs of the steps it needs, by kind. */
const call = <T extends z.ZodType>(inputs: T) =>
  z.object({
    /** The run's id, the name of its directory below `runs/`. */
    run: runName,
    pipeline,
    /** The step's name in the DAG. */
    step: stepName,
    /** The step's key: hash of activity, version, parameters and the inputs' digests. */
    key: sha256,
    inputs,
    settings,
  });

const data = datasetSchema;
/** The cells that were trained, in order. */
const folds = list(trainedCell, pipelineLimits.cells);
const oof = outOfFoldSchema;
const thresholds = thresholdsSchema;

/** The outputs of other steps that each step activity is given, by kind. */
const inputs = {
  prepareData: z.object({}),
  trainFold: z.object({ data }),
  aggregateOof: z.object({ data, fold: folds }),
  tuneThresholds: z.object({ data, oof }),
  predictEnsemble: z.object({ data, fold: folds, thresholds }),
  writeReport: z.object({
    data,
    fold: folds,
    oof,
    thresholds,
    /** Absent where no step predicts the test rows. */
    submission: submissionSchema.exactOptional(),
  }),
};

/** What each step activity is told, and what it gives. */
export const stepSchemas = {
  prepareData: {
    inputs: inputs.prepareData,
    call: call(inputs.prepareData),
    output: timed(datasetSchema),
  },
  trainFold: {
    inputs: inputs.trainFold,
    call: call(inputs.trainFold).extend(cell.shape),
    output: trainedFoldSchema,
  },
  aggregateOof: {
    inputs: inputs.aggregateOof,
    call: call(inputs.aggregateOof),
    output: timed(outOfFoldSchema),
  },
  tuneThresholds: {
    inputs: inputs.tuneThresholds,
    call: call(inputs.tuneThresholds),
    output: timed(thresholdsSchema),
  },
  predictEnsemble: {
    inputs: inputs.predictEnsemble,
    call: call(inputs.predictEnsemble),
    output: timed(submissionSchema),
  },
  writeReport: {
    inputs: inputs.writeReport,
    call: call(inputs.writeReport).extend({
      /** By step; 0 for one that was reused. */
      seconds: z.record(stepName, seconds),
      /** Steps whose outputs all came from earlier runs. */
      reused: list(stepName, pipelineLimits.steps),
    }),
    output: timed(reportSchema),
  },
} satisfies Readonly<Record<ActivityName, { inputs: z.ZodObject; call: z.ZodObject; output: z.ZodObject }>>;

type StepSchemas = typeof stepSchemas;
export type CallOf<Name extends ActivityName> = ReadOnly<z.output<StepSchemas[Name]['call']>>;
export type InputsOf<Name extends ActivityName> = ReadOnly<z.output<StepSchemas[Name]['inputs']>>;
export type OutputOf<Name extends ActivityName> = ReadOnly<z.output<StepSchemas[Name]['output']>>;

/** What the calls of all step activities have in common. */
export interface StepCall<Inputs> {
  readonly run: string;
  readonly pipeline: Pipeline;
  readonly step: string;
  readonly key: string;
  readonly inputs: Inputs;
  readonly settings: RunSettings;
}

/** The activities that come before the DAG and between its steps. */
export interface RunActivities {
  resolvePipeline(input: PipelineInput): Promise<ResolvedRun>;
  lookupSteps(call: LookupCall): Promise<LookedUp[]>;
}

export type StepActivities = {
  [Name in ActivityName]: (call: CallOf<Name>) => Promise<OutputOf<Name>>;
};

/** Heartbeat details of `trainFold`: a hint for `status` and `watch`, never the truth. */
export interface FoldHeartbeat {
  readonly fold: number;
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly secondsPerStep: number;
}
