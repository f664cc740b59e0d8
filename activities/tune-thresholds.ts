import { Context } from '@temporalio/activity';
import { decidingOf } from '../pipeline/thresholds.js';
import type { ArtifactStore } from '../store/store.js';
import type { CalibrationOutcome } from '../metrics/nested-calibration.js';
import type { StepActivities, StepCall } from './contracts.js';
import type { Dataset, OutOfFold, Thresholds } from './outputs.js';
import { putJson } from './json-artifact.js';
import { localPaths } from './local-paths.js';
import { recorded } from './recorded.js';
import type { Services } from './services.js';
import type { ScoreRequest, TableScores } from './tables/score-table.js';

type Call = StepCall<{ data: Dataset; oof: OutOfFold }>;

/** Tunes each label's threshold on the out-of-fold predictions and scores them. */
export function tuneThresholds(services: Services): StepActivities['tuneThresholds'] {
  return recorded(services, 'tuneThresholds', (call: Call) => tune(services, call));
}

async function tune({ store, tables }: Services, { pipeline, inputs }: Call): Promise<Thresholds> {
  const { labels } = pipeline;
  const { ensemble } = inputs.oof;
  const matrices = ensemble?.members.map(({ probabilities }) => probabilities) ?? [inputs.oof.probabilities];
  const request: ScoreRequest = {
    table: await store.localPath(inputs.data.table),
    ...(inputs.data.groups === undefined ? {} : { groups: await store.localPath(inputs.data.groups) }),
    members: await localPaths(store, matrices),
    labels: labels.length,
    task: pipeline.task,
    deciding: decidingOf(pipeline),
    ...(ensemble === undefined ? {} : { ensemble: { method: ensemble.method, weights: ensemble.weights } }),
  };
  const scores = await tables.run('score', request, Context.current().cancellationSignal);
  const byLabel = <T>(values: readonly T[]): Record<string, T> =>
    Object.fromEntries(labels.map((label, index) => [label, values[index]!]));
  return {
    thresholds: byLabel(scores.thresholds),
    macroF1: scores.macroF1,
    perLabel: byLabel(scores.perLabel),
    ...(scores.classes === undefined ? {} : { classes: scores.classes }),
    ...(scores.objectives === undefined
      ? {}
      : { objectives: { ...scores.objectives, perLabel: byLabel(scores.objectives.perLabel) } }),
    ...(scores.calibration === undefined
      ? {}
      : { calibration: await kept(store, scores.calibration, byLabel) }),
    ...(scores.assessment === undefined
      ? {}
      : { assessment: { ...scores.assessment, perLabel: byLabel(scores.assessment.perLabel) } }),
    ...memberScores(ensemble, scores.ensemble),
  };
}

/** Calibrators may be long, and are no part of what travels. */
async function kept(
  store: ArtifactStore,
  { method, before, after, calibrators }: CalibrationOutcome,
  byLabel: <T>(values: readonly T[]) => Record<string, T>,
): Promise<NonNullable<Thresholds['calibration']>> {
  const named = ({ macro, perLabel }: CalibrationOutcome['before']) => ({
    macro,
    perLabel: byLabel(perLabel),
  });
  return {
    method,
    before: named(before),
    after: named(after),
    calibrators: await putJson(store, byLabel(calibrators)),
  };
}

/** What the members reach, by name. */
function memberScores(
  joined: OutOfFold['ensemble'],
  scores: TableScores['ensemble'],
): Pick<Thresholds, 'members' | 'ensemble'> {
  if (joined === undefined || scores === undefined) return {};
  const { method, members, dropped, weights } = joined;
  return {
    members: [
      ...members.map(({ id, skippedFolds }, place) => ({
        id,
        macroF1: scores.members[place]!,
        skippedFolds,
      })),
      ...dropped.map(({ id, skippedFolds }) => ({ id, macroF1: null, skippedFolds })),
    ],
    ensemble: {
      method,
      weights: Object.fromEntries(members.map(({ id }, place) => [id, weights.final[place]!])),
      gain: scores.gain,
    },
  };
}
