import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { TableFiles } from '../../activities/table-files.js';
import { ensembleOfRun } from '../../activities/stored-ensemble.js';
import { modelsOf, type EnsembleMember } from '../../ensemble/definition.js';
import { isExported, manifestName, manifestOf, type ListedFile } from '../../ensemble/exported-ensemble.js';
import { holdsInInt8 } from '../../ensemble/in-int8.js';
import type { StoredEnsemble } from '../../ensemble/stored-ensemble.js';
import { InputFault } from '../../errors/fault.js';
import { inWords } from '../../errors/system-codes.js';
import { modelCard } from '../../report/model-card.js';
import type { RunResult } from '../../report/run-result.js';
import { fileSha256 } from '../../store/digest.js';
import { errorCode, storageFault } from '../../store/faults.js';
import { FolderDraft, requireRoom } from '../../store/folder-draft.js';
import { packageVersion } from '../../worker/versions.js';
import { addEnsembleGraph, graphName } from './ensemble-graph.js';
import {
  cardWords,
  knownMeasures,
  measuredPrecisions,
  type MeasuredPrecisions,
} from './measured-precisions.js';
import { modelParts, type ModelToExport } from './model-parts.js';

export interface ExportRequest {
  /** The run's. */
  readonly directory: string;
  readonly result: RunResult;
  /** Where the run's training table is read. */
  readonly tables: TableFiles;
  readonly target: string;
  /** Whether a folder that was exported before is replaced. */
  readonly force: boolean;
  /** What may be lost of macro F1 where models with products of 8 bits are asked for, and null where they are not. */
  readonly maxLoss: number | null;
  /** Whether models with weights in float16 are asked for. */
  readonly float16: boolean;
  /** That measure both. */
  readonly threads: number;
  /** Told in words how far it is. */
  readonly onProgress: (text: string) => void;
}

export interface ExportedFolder extends MeasuredPrecisions {
  readonly models: readonly string[];
  /** The graph of the whole ensemble, and else why there is none. */
  readonly graph: string | null;
  readonly notes: readonly string[];
  readonly files: number;
  readonly bytes: number;
}

/** What the hub shows of a model. */
const cardName = 'README.md';

/** Bytes of what is written anew of a model at most: configuration and graphs. */
const writtenOfModel = 16 * 2 ** 20;

/** Writes the ensemble of a completed run as a folder that others can use: whole, or not at all. */
export async function exportRun(request: ExportRequest): Promise<ExportedFolder> {
  const { directory, result, target, force, float16, onProgress } = request;
  await requirePlace(target, force);
  const run = await ensembleOfRun(directory, result);
  const { definition } = run;
  const measured = await measuredPrecisions({
    ...request,
    definition,
    placeOf: (folder) => placeOf(directory, folder),
  });
  const { ensemble, models } = inFolder(directory, { ...run, ...knownMeasures(measured) }, float16);
  try {
    const sources = await Promise.all(models.map(({ source }) => filesOf(source)));
    const halves = float16 ? (await weightBytes(models)) / 2 : 0;
    await requireRoom(target, sources.flat(), models.length * writtenOfModel + halves);
    const draft = await FolderDraft.begin(target);
    try {
      for (const [place, model] of models.entries()) {
        for (const part of modelParts) await part(model, draft);
        onProgress(`model ${place + 1} of ${models.length} is written`);
      }
      const why = await addEnsembleGraph(ensemble.definition, draft);
      const graph = why === null ? graphName : null;
      const notes = why === null ? [] : [`${graphName} was not written: ${why}`];
      const folders = models.map(({ folder }) => folder);
      const maxLength = Math.max(...modelsOf(ensemble.definition).map((model) => model.maxLength));
      await draft.write(
        cardName,
        modelCard(result, { models: folders, graph, notes: [...notes, ...cardWords(measured)], maxLength }),
      );
      const files = await listedFiles(draft);
      await draft.write(manifestName, manifestOf(ensemble, files, packageVersion()));
      await draft.publish();
      const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
      return {
        models: folders,
        graph,
        notes,
        ...measured,
        files: Object.keys(files).length + 1,
        bytes,
      };
    } finally {
      await draft.discard();
    }
  } catch (error) {
    throw storageFault(error, target, 'writing the exported folder', 'export again then');
  }
}

function placeOf(directory: string, source: string): string {
  return ['members', ...relative(join(directory, 'models'), source).split(sep)].join('/');
}

/** The ensemble with its models where they will be in the folder: `models/seed-1/2` → `members/seed-1/2`. */
function inFolder(
  directory: string,
  { definition, ...rest }: StoredEnsemble,
  float16: boolean,
): { readonly ensemble: StoredEnsemble; readonly models: readonly ModelToExport[] } {
  const tuned = {
    thresholds: byLabel(definition.labels, definition.thresholds),
    ...(definition.calibrators === undefined
      ? {}
      : { calibrators: byLabel(definition.labels, definition.calibrators) }),
  };
  const members: EnsembleMember[] = definition.members.map(({ weight, models }) => ({
    weight,
    models: models.map(({ folder, maxLength }) => ({ folder: placeOf(directory, folder), maxLength })),
  }));
  return {
    ensemble: { ...rest, definition: { ...definition, members } },
    models: modelsOf(definition).map(({ folder }) => ({
      source: folder,
      folder: placeOf(directory, folder),
      tuned,
      int8: rest.int8 !== undefined && holdsInInt8(rest.int8),
      float16,
    })),
  };
}

function byLabel<T>(labels: readonly string[], values: readonly T[]): Record<string, T> {
  return Object.fromEntries(labels.map((label, place) => [label, values[place]!]));
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error;
    throw new InputFault({
      where: folder,
      what: 'a model of the run is not there any more',
      remedy: 'Start the pipeline again: what is still in the store is not trained anew.',
    });
  });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function weightBytes(models: readonly ModelToExport[]): Promise<number> {
  let bytes = 0;
  for (const { source } of models) bytes += (await stat(join(source, 'model.safetensors'))).size;
  return bytes;
}

async function listedFiles(draft: FolderDraft): Promise<Record<string, ListedFile>> {
  const files: Record<string, ListedFile> = {};
  for (const name of await draft.files()) {
    const path = join(draft.path, name);
    files[name] = { bytes: (await stat(path)).size, sha256: await fileSha256(path) };
  }
  return files;
}

/** Nothing but an earlier export is ever replaced. */
async function requirePlace(target: string, force: boolean): Promise<void> {
  const found = await readdir(target).catch((error: unknown) => {
    const code = errorCode(error);
    if (code === 'ENOENT') return [];
    throw new InputFault({
      where: target,
      what: 'no folder can be written there',
      found: code === 'ENOTDIR' ? 'a file' : code === undefined ? 'nothing that can be read' : inWords(code),
      remedy: 'Name another folder.',
    });
  });
  if (found.length === 0) return;
  const ours = isExported(target);
  if (ours && force) return;
  throw new InputFault({
    where: target,
    what: ours ? 'an export is in this folder already' : 'there is something else in this folder',
    expected: 'a new folder, or an empty one',
    remedy: ours ? 'Name another one, or replace it with --force.' : 'Name another one.',
  });
}
