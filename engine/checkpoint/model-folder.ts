import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputFault } from '../../errors/fault.js';
import { parseJsonObject } from './bounded-json.js';
import { listed } from './listed.js';
import { chooseModelFiles, chosenNames, configFile, type WeightFileName } from './model-files.js';
import { readBoundedFile } from './regular-file.js';
import { openSafetensors } from './safetensors.js';
import { openShardedSafetensors, openShardedTorchArchive, readShardNames } from './sharded-weights.js';
import { openTorchArchive } from './torch-archive.js';
import type { WeightReader } from './weight-reader.js';
import { wholeFloatsOf } from './whole-floats.js';

const maxConfigBytes = 4 << 20;

/** A checkpoint on the local disk, opened; the caller closes `weights`. */
export interface ModelFolder {
  readonly folder: string;
  /** `config.json`, unchecked but for being an object. */
  readonly config: Record<string, unknown>;
  /** Names of its settings that are whole numbers with a point. */
  readonly floats: ReadonlySet<string>;
  readonly weights: WeightReader;
  /** Names of the files that make the model (config, weights with shards, tokenizer), sorted. */
  readonly files: readonly string[];
}

/** Opens a model folder; a missing or broken config or weights file is an `InputFault`. */
export async function openModelFolder(folder: string): Promise<ModelFolder> {
  const names = await listFolder(folder);
  const weightsFile = chooseWeights(folder, names);
  const path = join(folder, configFile);
  const text = await readBoundedFile(path, maxConfigBytes);
  const config = parseJsonObject(path, text);
  const floats = wholeFloatsOf(text.toString('utf8'));
  const files = await modelFiles(folder);
  return { folder, config, floats, files, weights: await openers[weightsFile](join(folder, weightsFile)) };
}

/** Names of the files that make the model (config, weights with shards, tokenizer), sorted. */
export async function modelFiles(folder: string): Promise<string[]> {
  const choice = chooseModelFiles(await listFolder(folder));
  const shards = choice.weights?.endsWith('.index.json')
    ? await readShardNames(join(folder, choice.weights))
    : [];
  return [...chosenNames(choice), ...shards].sort();
}

const openers: Readonly<Record<WeightFileName, (path: string) => Promise<WeightReader>>> = {
  'model.safetensors': openSafetensors,
  'model.safetensors.index.json': openShardedSafetensors,
  'pytorch_model.bin': openTorchArchive,
  'pytorch_model.bin.index.json': openShardedTorchArchive,
};

async function listFolder(folder: string): Promise<string[]> {
  return readdir(folder).catch((cause: unknown) => {
    throw new InputFault(
      {
        where: folder,
        what: 'the model folder cannot be read',
        remedy: 'Set model.checkpoint to a folder with config.json, weights and a tokenizer.',
      },
      { cause },
    );
  });
}

function chooseWeights(folder: string, names: readonly string[]): WeightFileName {
  const { config, weights } = chooseModelFiles(names);
  const missing = [
    ...(config ? [] : [configFile]),
    ...(weights === undefined ? ['model.safetensors or pytorch_model.bin'] : []),
  ];
  if (weights !== undefined && config) return weights;
  throw new InputFault({
    where: folder,
    what: `the model folder lacks ${missing.join(' and ')}`,
    found: describe(names),
    remedy:
      'Set model.checkpoint to a folder that transformers can load, with its weights in one of these files.',
  });
}

function describe(names: readonly string[]): string {
  return names.length === 0 ? 'an empty folder' : listed([...names].sort(), 12);
}
