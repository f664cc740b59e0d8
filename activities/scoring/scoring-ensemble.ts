import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { modelsOf } from '../../ensemble/definition.js';
import { inInt8 } from '../../ensemble/in-int8.js';
import { withColumns } from '../../ensemble/other-columns.js';
import { withThresholds } from '../../ensemble/other-thresholds.js';
import type { StoredEnsemble } from '../../ensemble/stored-ensemble.js';
import { InputFault } from '../../errors/fault.js';
import { canonicalJson } from '../../pipeline/keys.js';
import { sha256 } from '../../store/digest.js';
import { errorCode, storageFault } from '../../store/faults.js';
import { fileDigests, folderDigest } from '../file-digests.js';
import { localPathOf, requireReadable } from '../roots.js';
import { RunDirectory, type RunServices } from '../run-directory.js';
import type { Services } from '../services.js';
import { storedEnsembleIn } from '../stored-ensemble.js';
import type { ScoreOptions } from './contracts.js';

/** An ensemble with all that its scores depend on besides texts and engine. */
export interface ScoringEnsemble extends StoredEnsemble {
  readonly folder: string;
  /** Of the models' files, and of how they are joined and decide. */
  readonly digest: string;
}

type EnsembleServices = Pick<Services, 'roots'> & RunServices;

/** The folder that is meant by a run's id, a path or a file URI. @throws InputFault for one that may not be read */
export async function ensembleFolder(services: EnsembleServices, ensemble: string): Promise<string> {
  const isPath = /[\\/]|^\.{1,2}$/.test(ensemble);
  if (!isPath) return (await broughtRun(services, ensemble)).path;
  const folder = resolve(localPathOf(ensemble, 'ensemble'));
  await requireReadable(folder, services.roots, 'ensemble');
  return folder;
}

/** The directory of a run, with all of its files that this machine has not made. */
export async function broughtRun(services: RunServices, run: string): Promise<RunDirectory> {
  const directory = new RunDirectory(services, run);
  await directory.bring(() => true);
  return directory;
}

/** @throws InputFault where the folder holds no ensemble, or one whose files may not be read */
export async function scoringEnsemble(
  services: EnsembleServices,
  folder: string,
  { thresholds, precision, columns = {} }: ScoreOptions,
): Promise<ScoringEnsemble> {
  const { roots, runsDirectory } = services;
  // A run of this workdir is ours to read, wherever that lies.
  const allowed = roots === null ? null : [...roots, runsDirectory];
  await requireReadable(folder, allowed, 'ensemble');
  await requireReadable(join(folder, 'result.json'), allowed, 'ensemble');
  const stored = withColumns(await storedEnsembleIn(folder), columns);
  const own = precision === 'int8' ? inInt8(stored, folder) : stored.definition;
  const definition =
    thresholds === undefined ? own : withThresholds(own, { byLabel: thresholds }, 'options.thresholds');
  const models: unknown[] = [];
  for (const model of modelsOf(definition)) {
    const files = await filesIn(model.folder);
    for (const file of files) await requireReadable(join(model.folder, file), allowed, 'ensemble');
    const digest = folderDigest(await fileDigests(model.folder, files));
    models.push({ digest, maxLength: model.maxLength });
  }
  const { members, ...deciding } = definition;
  const weights = members.map(({ weight, models }) => ({ weight, models: models.length }));
  const digest = sha256(canonicalJson({ ...deciding, weights, models, columns: stored.columns }));
  return { ...stored, definition, folder, digest };
}

/** Those of the folder itself: what lies below is for others. */
async function filesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ENOTDIR')
      throw storageFault(error, folder, 'reading the models');
    throw new InputFault({ where: folder, what: 'there is no model in this folder' });
  }
}
