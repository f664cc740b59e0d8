import { z } from 'zod';
import type { TrainedOn } from '../engine/training/job.js';
import { activities, activityNames } from '../pipeline/activities.js';
import type { ActivityName, Pipeline } from '../pipeline/pipeline.js';
import type { ReadOnly } from '../pipeline/read-only.js';
import { requireResolved } from '../pipeline/resolved.js';
import { pipelineLimits } from '../pipeline/schema.js';
import { artifactRefSchema as artifact, sha256Schema as sha256 } from '../store/store.js';
import { runName, stepName, fold, memberName, cell, seconds, list } from './fields.js';
import {
  epochMetrics,
  datasetSchema,
  trainedCell,
  trainedFoldSchema,
  outOfFoldSchema,
  thresholdsSchema,
  submissionSchema,
  reportSchema,
} from './outputs.js';

/**
 * What the workflow tells its activities, each as a schema: the type is what the schema
 * gives, and what does not fit is refused at the activity's door (doors.ts). What steps give: outputs.ts.
 *
 * Unknown fields are dropped, so that a worker understands calls of a newer one.
 */

/** The resolved pipeline, held to the schema of its file. */
const pipeline = z.unknown().transform((value) => requireResolved(value));

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
  /** `cpu`; what a worker computes elsewhere is looked up and filed on the device of its own (devices.ts). */
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
  /** Whether results are kept for hosts that share no folder: then the run looks at its end whether all are there. */
  confirmed: z.literal(true).exactOptional(),
  /** Whether payloads are encrypted: then ids and search attributes tell nothing of the pipeline but its name. */
  encrypted: z.literal(true).exactOptional(),
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

export const confirmCallSchema = z.object({
  run: runName,
  pipeline,
  settings,
  results: list(
    z.object({
      activity: z.enum(activityNames.filter((name) => activities[name].writes !== undefined)),
      member: memberName.default(''),
      /** Of a fold by reference. */
      output: z.unknown(),
    }),
    pipelineLimits.cells + pipelineLimits.steps,
  ),
});
/** Asks which of the results of a run are not in the store any more. */
export type ConfirmCall = ReadOnly<z.output<typeof confirmCallSchema>>;

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

export const epochFinishedSchema = cell.extend({ metrics: epochMetrics });
/** The signal of a fold at each epoch's end, and what it carries. */
export type EpochFinishedSignal = 'epochFinished';
export type EpochFinished = ReadOnly<z.output<typeof epochFinishedSchema>>;

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
  /** @returns the places of those that are gone */
  confirmResults(call: ConfirmCall): Promise<number[]>;
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
  /** Older workers do not tell. */
  readonly on?: TrainedOn;
  /** The newest checkpoint, and what alone can go on from it. */
  readonly kept?: { readonly step: number; readonly engine: string };
}
