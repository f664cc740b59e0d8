import { existsSync } from 'node:fs';
import { InputFault } from '../../errors/fault.js';
import type { KeyUser } from '../../store/key-uses.js';
import type { ArtifactRef } from '../../store/store.js';
import { requireAcceptedScoring, requireScoreName } from '../admission.js';
import type { Services } from '../services.js';
import { scorePlanSchema, type ScorePlan } from './contracts.js';
import { scoredTable } from './scored-table.js';
import { broughtRun, scoringEnsemble, type ScoringEnsemble } from './scoring-ensemble.js';

/** Of five hundred chunks and all labels; a larger one is no plan. */
const mostBytes = 4 * 1024 * 1024;

/**
 * The plan that a call names, once this worker may work by it.
 *
 * @throws ArtifactMissing, ArtifactDamaged; InputFault for an artifact that is no plan of the scoring
 */
export async function admittedPlan(
  services: Services,
  { score, plan: ref }: { readonly score: string; readonly plan: ArtifactRef },
): Promise<ScorePlan> {
  await requireAcceptedScoring(services, { score });
  const plan = await readPlan(services, ref);
  if (plan?.score !== score)
    throw new InputFault({
      where: `score ${score}`,
      what: 'the artifact that the call names is not its plan',
    });
  await requireScoreName(services, score, plan.execution);
  await services.tableFiles.requireReadable(plan.table.path, scoredTable);
  return plan;
}

/** Who refers to what a scoring is given or files. */
export function scoringOf({ score }: { readonly score: string }): KeyUser {
  return { kind: 'scores', name: score, pipeline: null };
}

/** The ensemble of a plan. @throws InputFault where it is no longer what it was */
export async function plannedEnsemble(
  services: Services,
  { ensemble: { folder: planned, digest, run }, options }: ScorePlan,
): Promise<ScoringEnsemble> {
  // Planned by another host, in a workdir of its own.
  const isElsewhere = services.results !== null && !existsSync(planned);
  const folder = isElsewhere ? (await broughtRun(services, run)).path : planned;
  const ensemble = await scoringEnsemble(services, folder, options);
  if (ensemble.digest === digest) return ensemble;
  throw new InputFault({
    where: folder,
    what: 'the ensemble has changed since the scoring began',
    remedy: 'Score the table anew.',
  });
}

async function readPlan({ store }: Services, ref: ArtifactRef): Promise<ScorePlan | null> {
  if (ref.bytes > mostBytes) return null;
  const bytes = await store.getBytes(ref);
  try {
    const parsed = scorePlanSchema.safeParse(
      JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)),
    );
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return null;
    throw error;
  }
}
