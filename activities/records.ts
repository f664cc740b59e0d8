import type { z } from 'zod';
import { cellId, type Cell } from '../pipeline/matrix.js';
import { placeOfFold } from '../pipeline/folds.js';
import { asksForTokens } from '../pipeline/gates.js';
import type { ActivityName } from '../pipeline/pipeline.js';
import { sha256 } from '../store/digest.js';
import type { ArtifactRef } from '../store/store.js';
import { stepSchemas as schemas, type CallOf, type InputsOf, type OutputOf } from './contracts.js';
import {
  checkpointDigests,
  engineOf,
  ensembleDigests,
  modelDigests,
  predictionDigests,
  tableDigests,
  trainingDigests,
  type DigestServices,
} from './input-digests.js';

/** Of a call, what is known of it before it is made: its key is made of this. */
export type Occasion<Name extends ActivityName> = Pick<CallOf<Name>, 'run' | 'pipeline' | 'settings'> & {
  readonly inputs: InputsOf<Name>;
  /** Set for one cell of a matrix. The pipeline is then its member's. */
  readonly fold?: number;
};

/** All that is known of a step activity besides how it works; what is known before it runs: pipeline/activities.ts. */
export interface ActivityRecord<Name extends ActivityName> {
  /** Raised when its results change. */
  readonly version: number;
  readonly call: z.ZodType<CallOf<Name>>;
  readonly inputs: z.ZodType<InputsOf<Name>>;
  readonly output: z.ZodType<OutputOf<Name>>;
  /** Digests of all that it reads; part of its key. */
  readonly reads: (services: DigestServices, occasion: Occasion<Name>) => unknown;
  /** What its output puts into the run's directory, by path within it. */
  readonly files: (output: OutputOf<Name>, member: string) => Readonly<Record<string, ArtifactRef>>;
}

const nothing = (): Record<string, ArtifactRef> => ({});

/** One record per step activity. */
export const records: { readonly [Name in ActivityName]: ActivityRecord<Name> } = {
  prepareData: {
    version: 3,
    ...schemas.prepareData,
    reads: async (services, { pipeline }) => ({
      ...(await tableDigests(services, pipeline)),
      ...(asksForTokens(pipeline.data.gates) ? { models: await checkpointDigests(services, pipeline) } : {}),
    }),
    files: nothing,
  },
  trainFold: {
    version: 1,
    ...schemas.trainFold,
    reads: async (services, { inputs, pipeline, settings, fold }) => ({
      table: inputs.data.table.sha256,
      fold,
      // Its bytes say nothing of the folds of the first split, which one more of them does not retire.
      repeats: placeOfFold(fold!, pipeline.folds).repeat > 1 ? inputs.data.repeats?.sha256 : undefined,
      // Of no other fold: what is predicted must retire nothing.
      unlabelled: pipeline.training.pseudo === null ? undefined : inputs.data.test?.sha256,
      ...(await trainingDigests(services, pipeline, settings)),
    }),
    files: ({ fold, model }, member) => {
      const folder = modelFolder({ member, fold });
      return Object.fromEntries(Object.entries(model).map(([name, ref]) => [`${folder}/${name}`, ref]));
    },
  },
  aggregateOof: {
    version: 2,
    ...schemas.aggregateOof,
    reads: (_services, { inputs: { data, fold } }) => ({
      table: data.table.sha256,
      ids: data.trainIds.sha256,
      folds: fold.map(predictionDigests),
    }),
    files: ({ csv, ensemble }) => ({
      'oof.csv': csv,
      ...Object.fromEntries(ensemble?.members.map(({ id, csv: own }) => [memberOofFile(id), own]) ?? []),
    }),
  },
  tuneThresholds: {
    version: 3,
    ...schemas.tuneThresholds,
    reads: (_services, { inputs: { data, oof } }) => ({
      table: data.table.sha256,
      groups: data.groups?.sha256,
      probabilities: oof.probabilities.sha256,
      ensemble: oof.ensemble && ensembleDigests(oof.ensemble),
    }),
    files: nothing,
  },
  predictEnsemble: {
    version: 3,
    ...schemas.predictEnsemble,
    reads: (services, { inputs: { data, fold, thresholds }, settings }) => ({
      ...engineOf(services, settings),
      test: data.test?.sha256,
      folds: fold.map(modelDigests),
      thresholds: thresholds.thresholds,
      calibrators: thresholds.calibration?.calibrators.sha256,
      weights: thresholds.ensemble?.weights,
    }),
    files: ({ submission, predictions }) => ({
      'submission.csv': submission,
      ...(predictions === undefined ? {} : { 'predictions.csv': predictions }),
    }),
  },
  writeReport: {
    version: 3,
    ...schemas.writeReport,
    // It tells of this run: of its attempts and seconds, and of all that the steps before it gave.
    reads: (_services, { run, inputs }) => ({ run, inputs: sha256(JSON.stringify(inputs)) }),
    files: ({ report, result, texts, labelIssues, groups }) => ({
      'report.html': report,
      'result.json': result,
      ...(texts === undefined ? {} : { 'texts.csv': texts }),
      ...(labelIssues === undefined ? {} : { 'label-issues.csv': labelIssues }),
      ...(groups === undefined ? {} : { [groupsFile]: groups }),
    }),
  },
};

/** Of which rows were held out together, within the run's directory. */
export const groupsFile = 'groups.csv';

/** The file of a member's out-of-fold predictions, within the run's directory. */
export function memberOofFile(member: string): string {
  return `oof-${member}.csv`;
}

/** The folder of a cell's exported model, within the run's directory. */
export function modelFolder(cell: Cell): string {
  return `models/${cellId(cell)}`;
}
