import { Context } from '@temporalio/activity';
import { processor } from '../../engine/device/device.js';
import { ROWS_AT_ONCE } from '../../engine/inference/scored-together.js';
import type { StoredEnsemble } from '../../ensemble/stored-ensemble.js';
import { runNameOf } from '../../pipeline/run-name.js';
import { formatOf } from '../../data/text-stream/format.js';
import type { TableColumns } from '../../data/text-rows.js';
import { currentExecution, requireAcceptedScoring, requireScoreName } from '../admission.js';
import { beating } from '../heartbeat.js';
import { putJson } from '../json-artifact.js';
import { requireDirectoryName } from '../owned-directory.js';
import { requireScorable } from '../scoring-device.js';
import type { Services } from '../services.js';
import {
  mostChunks,
  type PlannedScore,
  type ScoreActivities,
  type ScoreInput,
  type ScorePlan,
} from './contracts.js';
import { ScoreDirectory } from './score-directory.js';
import { ensembleFolder, scoringEnsemble } from './scoring-ensemble.js';
import { scoredTable } from './scored-table.js';

/** Looks at table and ensemble, cuts the table into chunks and decides what holds for all of them. */
export function planScore(services: Services): ScoreActivities['planScore'] {
  return (input) => beating(() => plan(services, input));
}

async function plan(services: Services, input: ScoreInput): Promise<PlannedScore> {
  const execution = currentExecution();
  const score = input.score ?? runNameOf(execution);
  requireDirectoryName(score, 'score');
  await requireAcceptedScoring(services, { score, input });
  const { options = {} } = input;
  requireScorable(services.devices, options.precision ?? 'float32');
  const folder = await ensembleFolder(services, input.ensemble);
  const ensemble = await scoringEnsemble(services, folder, options);
  const file = await services.tableFiles.open(input.table, scoredTable);
  const format = options.format ?? formatOf(file.name) ?? 'csv';
  const { warnings, ...table } = await services.tables.run(
    'cut',
    {
      file,
      format,
      columns: columnsOf(ensemble),
      unit: services.chunkRows ?? ROWS_AT_ONCE,
      mostChunks,
    },
    Context.current().cancellationSignal,
  );
  // Only now: what was started with a mistake takes no name.
  await requireScoreName(services, score);
  const directory = new ScoreDirectory(services, score);
  const { run, pipeline, digest } = ensemble;
  const made: ScorePlan = {
    score,
    execution: execution.runId,
    table: { path: file.name, format, ...table, chunks: [...table.chunks] },
    ensemble: { folder, digest, run, pipeline },
    options,
    device: processor,
    threads: services.threads,
    warnings: [...warnings],
  };
  await directory.note('scoring planned', { rows: table.rows, chunks: table.chunks.length });
  return {
    score,
    plan: await putJson(services.store, made),
    pipeline,
    rows: table.rows,
    chunks: table.chunks.length,
    directory: directory.path,
    searchAttributes: services.searchAttributes,
  };
}

/** What the columns of a table are called that an ensemble reads. */
export function columnsOf({ columns, definition }: StoredEnsemble): TableColumns {
  return { id: undefined, ...columns, labels: definition.labels, namedIn: 'scoring' };
}
