import { existsSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, isAbsolute } from 'node:path';
import { z } from 'zod';
import { readJsonObject } from '../engine/checkpoint/bounded-json.js';
import { thresholdSchema } from '../engine/inference/exported-settings.js';
import { InputFault } from '../errors/fault.js';
import { inWords } from '../errors/system-codes.js';
import { calibratorSchema } from '../metrics/calibrator-schema.js';
import { namePattern, pipelineLimits } from '../pipeline/schema.js';
import { fileSha256 } from '../store/digest.js';
import { errorCode } from '../store/faults.js';
import { sha256Schema } from '../store/store.js';
import { taskNames } from '../tasks/index.js';
import { modelsOf, type EnsembleDefinition } from './definition.js';
import type { StoredEnsemble } from './stored-ensemble.js';

/** What an exported folder says of itself, at its root. */
export const manifestName = 'ensemble.json';

/** Raised when a reader of before would not understand what is written. */
const formatVersion = 1;

/** Of a thousand labels with all their knots; a larger file is not one of ours. */
const mostBytes = 64 * 2 ** 20;
const mostFiles = 100_000;

/** Names below the folder: no root, no drive, nothing that leads up. */
const pathPattern = /^(?!.{400})[A-Za-z0-9_][\w.-]*(?:\/[A-Za-z0-9_][\w.-]*)*$/;
const path = z.string().regex(pathPattern, 'a path within the folder');
const column = z.string().min(1).max(256);
const name = z.string().regex(namePattern);

const precisionScores = z.strictObject({ float32: z.number(), int8: z.number() });

const probabilityChange = z.strictObject({ mean: z.number().min(0), largest: z.number().min(0) });

const manifestSchema = z
  .strictObject({
    formatVersion: z.literal(formatVersion),
    /** The version of foldwise that wrote it. */
    foldwise: z.string().max(200),
    run: name,
    pipeline: name,
    task: z.enum(taskNames),
    /** In the order in which probabilities and decisions have them. */
    labels: z
      .array(
        z.strictObject({ name, threshold: thresholdSchema, calibrator: calibratorSchema.exactOptional() }),
      )
      .min(1)
      .max(pipelineLimits.labels)
      .refine((labels) => new Set(labels.map((label) => label.name)).size === labels.length, 'no name twice')
      .refine(
        (labels) => new Set(labels.map(({ calibrator }) => calibrator === undefined)).size === 1,
        'a calibrator for each label, or for none',
      ),
    columns: z.strictObject({
      text: z.array(column).min(1).max(100),
      id: column.exactOptional(),
      target: column.exactOptional(),
    }),
    members: z
      .array(
        z.strictObject({
          weight: z.number().gt(0).max(1),
          models: z
            .array(z.strictObject({ folder: path, maxLength: z.int().min(3).max(65_536) }))
            .min(1)
            .max(pipelineLimits.cells),
        }),
      )
      .min(1)
      .max(pipelineLimits.cells),
    int8: z
      .strictObject({
        macroF1: precisionScores,
        maxLoss: z.number().min(0).max(1),
        rows: z.int().min(0),
        change: probabilityChange,
        models: z.array(precisionScores.extend({ folder: path })).max(pipelineLimits.cells),
      })
      .exactOptional(),
    float16: z
      .strictObject({
        macroF1: z.strictObject({ float32: z.number(), float16: z.number() }),
        rows: z.int().min(0),
        change: probabilityChange,
      })
      .exactOptional(),
    /** Every other file of the folder. */
    files: z
      .record(path, z.strictObject({ bytes: z.int().min(0), sha256: sha256Schema }))
      .refine((files) => Object.keys(files).length <= mostFiles, 'too many files'),
  })
  .refine(
    ({ members, files }) =>
      modelsOf({ members }).every(({ folder }) =>
        neededOfModel.every((file) => Object.hasOwn(files, `${folder}/${file}`)),
      ),
    { path: ['files'], error: 'without the configuration or the weights of a model' },
  );

/** What no model is without. */
const neededOfModel = ['config.json', 'model.safetensors'];

type Manifest = z.output<typeof manifestSchema>;

/** A file of the folder as its manifest has it. */
export type ListedFile = Manifest['files'][string];

/**
 * The text of the manifest.
 *
 * @param ensemble its models' folders are paths within the folder
 */
export function manifestOf(
  { definition, run, pipeline, columns, int8, float16 }: StoredEnsemble,
  files: Readonly<Record<string, ListedFile>>,
  version: string,
): string {
  const { task, labels, thresholds, calibrators, members } = definition;
  const manifest: Manifest = {
    formatVersion,
    foldwise: version,
    run,
    pipeline,
    task,
    labels: labels.map((name, place) => ({
      name,
      threshold: thresholds[place]!,
      ...(calibrators === undefined ? {} : { calibrator: calibratorSchema.parse(calibrators[place]) }),
    })),
    columns: { ...columns, text: [...columns.text] },
    members: members.map(({ weight, models }) => ({ weight, models: [...models] })),
    ...(int8 === undefined ? {} : { int8: { ...int8, models: [...int8.models] } }),
    ...(float16 === undefined ? {} : { float16 }),
    files,
  };
  return `${JSON.stringify(manifestSchema.parse(manifest), null, 2)}\n`;
}

/** Whether a folder says that it was exported. */
export function isExported(folder: string): boolean {
  return existsSync(join(folder, manifestName));
}

/**
 * The ensemble of an exported folder. Each of its files is there, of the size that it should have, and within the
 * folder. What is in them is `verifyExported`'s to say.
 *
 * @throws InputFault
 */
export async function readExportedEnsemble(folder: string): Promise<StoredEnsemble> {
  const manifest = await readManifest(folder);
  await checkFiles(folder, manifest);
  const { run, pipeline, task, labels, columns, members, int8, float16 } = manifest;
  const calibrators = labels.flatMap(({ calibrator }) => (calibrator === undefined ? [] : [calibrator]));
  const definition: EnsembleDefinition = {
    task,
    labels: labels.map((label) => label.name),
    thresholds: labels.map(({ threshold }) => threshold),
    ...(calibrators.length === 0 ? {} : { calibrators }),
    members: members.map(({ weight, models }) => ({
      weight,
      models: models.map((model) => ({ ...model, folder: join(folder, ...model.folder.split('/')) })),
    })),
  };
  return {
    definition,
    run,
    pipeline,
    columns,
    ...(int8 === undefined ? {} : { int8 }),
    ...(float16 === undefined ? {} : { float16 }),
  };
}

/**
 * Compares every file of an exported folder with its hash.
 *
 * @returns how many files that were
 * @throws InputFault naming the first that is another
 */
export async function verifyExported(
  folder: string,
): Promise<{ readonly files: number; readonly bytes: number }> {
  const manifest = await readManifest(folder);
  await checkFiles(folder, manifest);
  const files = Object.entries(manifest.files);
  for (const [file, { sha256 }] of files) {
    const found = await fileSha256(join(folder, file));
    if (found === sha256) continue;
    throw damaged(join(folder, file), 'the file is not the one that was exported', {
      found: `SHA-256 ${found}`,
      expected: sha256,
    });
  }
  return { files: files.length, bytes: files.reduce((sum, [, { bytes }]) => sum + bytes, 0) };
}

async function readManifest(folder: string): Promise<Manifest> {
  const where = join(folder, manifestName);
  const value = await readJsonObject(where, mostBytes);
  const version = value['formatVersion'];
  if (typeof version === 'number' && version > formatVersion) {
    throw new InputFault({
      where,
      what: 'a later version of foldwise wrote this folder',
      found: `format ${String(version).slice(0, 20)}`,
      expected: `format ${formatVersion}`,
      remedy: 'Use that version, or export the run with this one.',
    });
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.slice(0, 5).map(String).join('.').slice(0, 200) ?? '';
  throw new InputFault({
    where,
    what: 'this is not what an export writes',
    found: `${field === '' ? 'at its root' : field}: ${(issue?.message ?? '').slice(0, 200)}`,
    remedy: 'Export the run again.',
  });
}

async function checkFiles(folder: string, { files, members }: Manifest): Promise<void> {
  const root = await realpath(folder);
  for (const [file, { bytes }] of Object.entries(files)) {
    const listed = join(folder, file);
    const status = await stat(await within(root, listed));
    if (status.isFile() && status.size === bytes) continue;
    throw damaged(listed, 'the file is not the one that was exported', {
      found: status.isFile() ? `${status.size} bytes` : 'no regular file',
      expected: `${bytes} bytes`,
    });
  }
  // What is not listed is read as well where a model's loader looks for it by its name.
  for (const { folder: model } of modelsOf({ members })) {
    for (const entry of await readdir(join(folder, model))) await within(root, join(folder, model, entry));
  }
}

/** Where a path really leads. */
async function within(root: string, path: string): Promise<string> {
  const real = await realpath(path).catch((error: unknown) => {
    throw damaged(path, 'a file of the export cannot be read', {
      found: inWords(errorCode(error) ?? 'nothing'),
    });
  });
  const way = relative(root, real);
  if (!way.startsWith('..') && !isAbsolute(way)) return real;
  throw damaged(path, 'a link leads out of the exported folder', { expected: 'the file itself' });
}

function damaged(
  where: string,
  what: string,
  details: { readonly found?: string; readonly expected?: string },
): InputFault {
  return new InputFault({
    where,
    what,
    ...details,
    remedy: 'Export the run again, or copy the folder again.',
  });
}
