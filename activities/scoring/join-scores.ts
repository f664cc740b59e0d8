import { Context } from '@temporalio/activity';
import { processor } from '../../engine/device/device.js';
import { EnvironmentFault, InputFault } from '../../errors/fault.js';
import { beating } from '../heartbeat.js';
import { putJson } from '../json-artifact.js';
import { localPaths } from '../local-paths.js';
import { withScratch } from '../scratch.js';
import type { Services } from '../services.js';
import { changedTable } from '../tables/prepared-chunk.js';
import type { JoinedScores, JoinScoresCall, ScoreActivities, ScoreResult } from './contracts.js';
import { ScoreDirectory } from './score-directory.js';
import { scoredTable } from './scored-table.js';
import { admittedPlan } from './stored-plan.js';

/** Puts the chunks behind each other, and writes what came of it. */
export function joinScores(services: Services): ScoreActivities['joinScores'] {
  return (call) => beating(() => join(services, call));
}

async function join(services: Services, call: JoinScoresCall): Promise<JoinedScores> {
  const { score, chunks, drift } = call;
  const plan = await admittedPlan(services, call);
  const { table, ensemble, options, warnings } = plan;
  const rows = chunks.reduce((sum, chunk) => sum + chunk.rows, 0);
  if (chunks.length !== table.chunks.length || rows !== table.rows)
    throw new InputFault({ where: `score ${score}`, what: 'these are not the chunks of its plan' });
  if ((await services.tableFiles.digest(table.path, scoredTable)) !== table.sha256)
    throw changedTable(table.path);
  const { store, tables, versions } = services;
  const pieces = await localPaths(
    store,
    chunks.map(({ scores }) => scores),
  );
  const scores = await withScratch(services, ['scores'], async ({ scores: output }) => {
    const { bytes } = await tables.run('join', { pieces, output }, Context.current().cancellationSignal);
    const expected = chunks.reduce((sum, chunk) => sum + chunk.scores.bytes, 0);
    if (bytes !== expected)
      throw new EnvironmentFault({ where: `score ${score}`, what: 'its chunks could not be read whole' });
    return store.putFile(output, { move: true });
  });
  const result: ScoreResult = {
    score,
    ensemble: { run: ensemble.run, pipeline: ensemble.pipeline, digest: ensemble.digest },
    table: { path: table.path, sha256: table.sha256 },
    options,
    rows,
    chunks: { all: chunks.length, reused: chunks.filter(({ reused }) => reused).length },
    devices: devicesOf(chunks),
    seconds: chunks.reduce((sum, chunk) => sum + (chunk.reused ? 0 : chunk.seconds), 0),
    drift,
    warnings,
    versions: { ...versions },
  };
  const ref = await putJson(store, result);
  const directory = new ScoreDirectory(services, score);
  await directory.put({ [scoresFile]: scores, 'result.json': ref });
  await directory.note('scoring completed', { rows, chunks: chunks.length });
  return { rows, scores, result: ref };
}

function devicesOf(chunks: JoinScoresCall['chunks']): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { device = processor } of chunks) counts[device] = (counts[device] ?? 0) + 1;
  return counts;
}

/** The table that is written, within the scoring's directory. */
export const scoresFile = 'scores.csv';
