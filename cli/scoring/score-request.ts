import { existsSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { readResultFile } from '../../activities/result-file.js';
import { rootOf } from '../../activities/roots.js';
import { scoreInputDigest, type ScoreInput } from '../../activities/scoring/contracts.js';
import { scoredTable } from '../../activities/scoring/scored-table.js';
import { locationText, tableLocation } from '../../activities/table-location.js';
import type { StoredEnsemble } from '../../ensemble/stored-ensemble.js';
import { inInt8 } from '../../ensemble/in-int8.js';
import { withThresholds, type OtherThresholds } from '../../ensemble/other-thresholds.js';
import { InputFault } from '../../errors/fault.js';
import { readEncryptionKeys } from '../../payloads/encryption-keys.js';
import { sha256 } from '../../store/digest.js';
import { ensembleAt, ensembleFolderAt } from '../runs/ensemble-at.js';
import { otherColumns, type ColumnOptions } from '../predict/columns.js';
import { sharesNoFolders } from '../runs/stored-runs.js';
import type { Workdir } from '../workdir.js';

/** How a person asks for a scoring. */
export interface ScoreArguments extends ColumnOptions {
  readonly probabilities?: boolean;
  readonly int8?: boolean;
  readonly threshold?: OtherThresholds;
}

/** A scoring that is asked for, looked at before anything is started. */
export interface ScoreRequest {
  readonly input: ScoreInput;
  readonly ensemble: StoredEnsemble;
  /** The ensemble's folder. */
  readonly folder: string;
  /** The same for the same input: whoever asks again finds the one that is open. */
  readonly workflowId: string;
}

/**
 * @param name of a run, or a folder
 * @throws InputFault for whatever a person has to change about it
 */
export async function scoreRequest(
  name: string,
  table: string,
  { probabilities, int8, threshold, ...named }: ScoreArguments,
  workdir: Workdir,
): Promise<ScoreRequest> {
  const ensemble = await ensembleAt(name, workdir);
  const folder = await ensembleFolderAt(name, workdir);
  const location = tableLocation(table, scoredTable.where);
  const path = locationText(location);
  if (location.kind === 'file' && !existsSync(path))
    throw new InputFault({ where: path, what: 'there is no such file', expected: 'a table with the texts' });
  if (probabilities === true && threshold !== undefined)
    throw new InputFault({
      where: '--threshold',
      what: 'probabilities are written as they are, whatever the thresholds',
      remedy: 'Leave out --threshold, or --probabilities.',
    });
  if (int8 === true) inInt8(ensemble, name);
  const columns = otherColumns(named);
  const options = {
    ...(threshold === undefined ? {} : { thresholds: byLabel(ensemble, threshold) }),
    ...(probabilities === true ? { probabilities } : {}),
    ...(int8 === true ? { precision: 'int8' as const } : {}),
    ...(Object.keys(columns).length > 0 ? { columns } : {}),
  };
  // On hosts that share no folder a run's name says more than its path on this one.
  const isRun = dirname(folder) === workdir.runs && sharesNoFolders(workdir);
  const input = { ensemble: isRun ? basename(folder) : folder, table: path, options };
  return { input, ensemble, folder, workflowId: `${scheduleIdOf({ input })}-${digestOf(input)}` };
}

/** `reviews-20261126-031500-1f2e3d`: of a table in the order in which it was scored. */
export function scoreNameOf({ input }: Pick<ScoreRequest, 'input'>, startedAt: Date): string {
  const [day = '', time = ''] = startedAt.toISOString().replace(/[-:]/g, '').slice(0, 15).split('T');
  return `${stemOf(input.table)}-${day}-${time}-${digestOf(input).slice(0, 6)}`;
}

/** Of a table, whatever is scored of it. Ids are never encrypted: where all else is, this one tells no name of a file. */
export function scheduleIdOf({ input }: Pick<ScoreRequest, 'input'>): string {
  const called = readEncryptionKeys() === null ? stemOf(input.table) : sha256(input.table).slice(0, 12);
  return `score-${called}`;
}

/** The files and objects that a scoring reads: roots for a worker that works for it alone. */
export async function scoreRoots({ input, folder }: ScoreRequest): Promise<string[]> {
  const result = await readResultFile(join(folder, 'result.json'));
  // What rows are compared with.
  const train = result === null ? [] : rootOf(result.configuration.data.train);
  return [folder, ...rootOf(input.table), ...train];
}

/** What the Web UI shows beside a scoring. */
export function scoreSummaryOf({ input, ensemble }: ScoreRequest): {
  staticSummary: string;
  staticDetails: string;
} {
  const { thresholds, probabilities, precision } = input.options ?? {};
  return {
    staticSummary: `${basename(input.table)} by ${ensemble.pipeline}`,
    staticDetails: [
      `**Table** \`${input.table}\``,
      `**Ensemble** \`${input.ensemble}\`, of the run ${ensemble.run}`,
      `**Written** ${probabilities === true ? 'probabilities' : 'labels'}${precision === 'int8' ? ', in int8' : ''}`,
      ...(thresholds === undefined
        ? []
        : [
            `**Thresholds** ${Object.entries(thresholds)
              .map(([label, threshold]) => `${label} ${threshold}`)
              .join(', ')}`,
          ]),
    ].join('\n\n'),
  };
}

function byLabel({ definition }: StoredEnsemble, other: OtherThresholds): Record<string, number> {
  const { labels, thresholds } = withThresholds(definition, other);
  return Object.fromEntries(labels.map((label, place) => [label, thresholds[place]!]));
}

function digestOf(input: ScoreInput): string {
  return scoreInputDigest(input).slice(0, 12);
}

/** Of a name's 64 characters those that time and digest leave. */
const mostOfStem = 40;

function stemOf(table: string): string {
  const stem = basename(table, extname(table)).replaceAll(/[^A-Za-z0-9_.-]+/g, '-');
  return stem.replace(/^[^A-Za-z0-9]+/, '').slice(0, mostOfStem) || 'table';
}
