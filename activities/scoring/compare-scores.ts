import { Context } from '@temporalio/activity';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputFault } from '../../errors/fault.js';
import type { RunResult } from '../../report/run-result.js';
import { canonicalJson } from '../../pipeline/keys.js';
import { sha256 } from '../../store/digest.js';
import { artifactRefSchema, type ArtifactRef } from '../../store/store.js';
import { currentExecution } from '../admission.js';
import { inputDigest } from '../file-digests.js';
import { beating } from '../heartbeat.js';
import { localPaths } from '../local-paths.js';
import { memberOofFile } from '../records.js';
import { readResultFile } from '../result-file.js';
import { tableUses } from '../table-uses.js';
import { requireReadable } from '../roots.js';
import { withScratch } from '../scratch.js';
import type { Services } from '../services.js';
import type { ReferenceRequest } from '../tables/drift-reference.js';
import type { CompareScoresCall, DriftFacts, ScoreActivities } from './contracts.js';
import type { ScoringEnsemble } from './scoring-ensemble.js';
import { admittedPlan, plannedEnsemble, scoringOf } from './stored-plan.js';

/** Raised when what training rows are like is told otherwise. */
const version = 1;
const activity = 'driftReference';

/** How far the rows that were scored are from those that the run was trained with. */
export function compareScores(services: Services): ScoreActivities['compareScores'] {
  return (call) => beating(() => compare(services, call));
}

async function compare(services: Services, call: CompareScoresCall): Promise<DriftFacts> {
  const plan = await admittedPlan(services, call);
  const ensemble = await plannedEnsemble(services, plan);
  const { folder, definition } = ensemble;
  const result = await readResultFile(join(folder, 'result.json'));
  if (result === null)
    return unknown('An exported ensemble has no training rows to compare with; those of a run have.');
  const members = membersOf(folder, result);
  if (!members.every(({ file }) => existsSync(file)))
    return unknown('The run has no out-of-fold predictions to compare with.');
  const reference = await referenceOf(services, call.score, ensemble, { result, members });
  const { store, tables } = services;
  const request = {
    reference: await store.localPath(reference),
    sketches: await localPaths(store, call.sketches),
    labels: definition.labels,
  };
  return tables.run('compare', request, Context.current().cancellationSignal);
}

function unknown(why: string): DriftFacts {
  return { level: 'unknown', why };
}

type Members = ReferenceRequest['members'];

/** As new rows get their probabilities: the members' mixed by their weights. */
function membersOf(folder: string, { ensemble }: RunResult): Members {
  if (ensemble === undefined) return [{ weight: 1, file: join(folder, 'oof.csv') }];
  return Object.entries(ensemble.weights).map(([id, weight]) => ({
    weight,
    file: join(folder, memberOofFile(id)),
  }));
}

/** Made once for a run, and filed under its key. */
async function referenceOf(
  services: Services,
  score: string,
  { definition }: ScoringEnsemble,
  { result, members }: { readonly result: RunResult; readonly members: Members },
): Promise<ArtifactRef> {
  const { task, labels, thresholds, calibrators } = definition;
  const deciding = { task, labels, thresholds, ...(calibrators === undefined ? {} : { calibrators }) };
  const train = await trainingTable(services, result);
  const digests: unknown[] = [];
  for (const { weight, file } of members) {
    await requireReadable(file, allowed(services), 'ensemble');
    digests.push({ weight, file: await inputDigest(file) });
  }
  const ofTexts = train === null ? null : { columns: train.request.columns, file: train.digest };
  const key = sha256(
    canonicalJson({
      activity,
      version,
      deciding,
      members: digests,
      train: ofTexts,
      texts: result.data?.texts ?? null,
    }),
  );
  const user = scoringOf({ score });
  const former = await services.keys.reuse(key, user);
  const known = former?.activity === activity ? artifactRefSchema.safeParse(former.output).data : undefined;
  if (known !== undefined) return known;
  return withScratch(services, ['reference'], async ({ reference: output }) => {
    const request = { deciding, members, train: train?.request ?? null, output };
    await services.tables.run('reference', request, Context.current().cancellationSignal);
    const made = await services.store.putFile(output, { move: true });
    const { runId: execution } = currentExecution();
    await services.keys.record({ key, activity, run: score, execution, output: made }, user);
    return made;
  });
}

/** Null where it is gone, or no longer where this worker may read. */
async function trainingTable(
  { tableFiles }: Services,
  { configuration, data, labels }: RunResult,
): Promise<TrainingRows | null> {
  const { train, text, id, target } = configuration.data;
  if (data === undefined) return null;
  try {
    const file = await tableFiles.open(train, tableUses.train);
    const digest = file.sha256 ?? (await tableFiles.digest(train, tableUses.train));
    const columns = { text, id, labels, ...(target === undefined ? {} : { target }) };
    return { request: { file, columns, texts: data.texts }, digest };
  } catch (error) {
    if (error instanceof InputFault) return null;
    throw error;
  }
}

interface TrainingRows {
  readonly request: NonNullable<ReferenceRequest['train']>;
  /** Of the table's file. */
  readonly digest: string;
}

function allowed({ roots, runsDirectory }: Services): readonly string[] | null {
  return roots === null ? null : [...roots, runsDirectory];
}
