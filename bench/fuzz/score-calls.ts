import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ScoreActivities } from '../../activities/scoring/contracts.js';
import { manifestName, manifestOf } from '../../ensemble/exported-ensemble.js';
import { sha256 } from '../../store/digest.js';
import { artifact, sampleLabels } from './calls.js';

/** Arguments of the activities that score a table, as the workflow sends them, to be broken. */
export const scoreActivities = [
  'planScore',
  'scoreChunk',
  'compareScores',
  'joinScores',
] as const satisfies readonly (keyof ScoreActivities)[];

/** Stands for the reference of the plan, which each workdir has its own of. */
export const planMark = '/PLAN';

/** Writes the exported ensemble that `sampleScoreCall` names. Its one model is none. */
export function writeSampleEnsemble(workdir: string): void {
  const model = 'members/1';
  const folder = join(workdir, 'exported');
  mkdirSync(join(folder, model), { recursive: true });
  const content = '{}';
  const listed = { bytes: content.length, sha256: sha256(content) };
  const names = ['config.json', 'model.safetensors'].map((name) => `${model}/${name}`);
  for (const name of names) writeFileSync(join(folder, name), content);
  const manifest = manifestOf(
    {
      run: 'run',
      pipeline: 'doors',
      columns: { text: ['text'] },
      definition: {
        task: 'multi-label',
        labels: sampleLabels,
        thresholds: sampleLabels.map(() => 0.5),
        members: [{ weight: 1, models: [{ folder: model, maxLength: 16 }] }],
      },
      int8: {
        macroF1: { float32: 0.5, int8: 0.5 },
        ...{ maxLoss: 0, rows: 12, change: { mean: 0, largest: 0 }, models: [] },
      },
    },
    Object.fromEntries(names.map((name) => [name, listed])),
    '0.0.0',
  );
  writeFileSync(join(folder, manifestName), manifest);
}

/** What a scoring of the sample ensemble is started with. */
export function sampleScoring(workdir: string): Record<string, unknown> {
  return {
    ensemble: `${workdir}/exported`,
    table: `${workdir}/test.csv`,
    score: 'score',
    options: {
      ...{ thresholds: { joy: 0.25 }, probabilities: false, format: 'csv', precision: 'int8' },
      columns: { text: 'text', id: 'id' },
    },
  };
}

export function sampleScoreCall(activity: keyof ScoreActivities, workdir: string): Record<string, unknown> {
  if (activity === 'planScore') return sampleScoring(workdir);
  const planned = { score: 'score', plan: planMark };
  if (activity === 'scoreChunk') return { ...planned, chunk: 0 };
  if (activity === 'compareScores') return { ...planned, sketches: [artifact()] };
  const chunk = { rows: 1, scores: artifact('c'), sketch: artifact(), seconds: 1, reused: false };
  return { ...planned, chunks: [chunk], drift: { level: 'unknown', why: 'nothing to compare with' } };
}
