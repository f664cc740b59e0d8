import { dirname, join } from 'node:path';
import { InputFault } from '../../errors/fault.js';
import { readJsonObject } from './bounded-json.js';
import { listed } from './listed.js';
import { readSafetensorsHeader } from './safetensors-header.js';
import { readTorchTensors } from './torch-archive.js';
import { openWeightFile, type StoredTensor, type WeightFile } from './stored-tensor.js';
import { StoredWeights, type WeightReader } from './weight-reader.js';

const maxIndexBytes = 4 << 20;

const maxShards = 1000;

/** How the tensors of a file are found, by name. */
type ReadTensors = (file: WeightFile) => Promise<ReadonlyMap<string, StoredTensor>>;

/** Plain file names, so that no shard lies outside the index's folder. */
const shardNames = {
  '.safetensors': /^[A-Za-z0-9_][A-Za-z0-9._-]*\.safetensors$/,
  '.bin': /^[A-Za-z0-9_][A-Za-z0-9._-]*\.bin$/,
} as const;

/** Opens the shards that `model.safetensors.index.json` names; each tensor must be where the index says. */
export function openShardedSafetensors(indexPath: string): Promise<WeightReader> {
  return openShards(indexPath, async (file) => (await readSafetensorsHeader(file)).tensors);
}

/** The same of `pytorch_model.bin.index.json`. */
export function openShardedTorchArchive(indexPath: string): Promise<WeightReader> {
  return openShards(indexPath, readTorchTensors);
}

async function openShards(indexPath: string, readTensors: ReadTensors): Promise<WeightReader> {
  const weightMap = await readWeightMap(indexPath);
  const files: WeightFile[] = [];
  try {
    const tensors = new Map<string, StoredTensor>();
    for (const shard of shardsOf(weightMap)) {
      const file = await openWeightFile(join(dirname(indexPath), shard));
      files.push(file);
      for (const [name, tensor] of await readTensors(file)) {
        if (weightMap.get(name) === shard) tensors.set(name, tensor);
      }
    }
    checkComplete(indexPath, weightMap, tensors);
    return new StoredWeights(tensors, files);
  } catch (fault) {
    await Promise.all(files.map((file) => file.handle.close()));
    throw fault;
  }
}

/** The shards' file names, sorted. */
export async function readShardNames(indexPath: string): Promise<string[]> {
  return shardsOf(await readWeightMap(indexPath));
}

function shardsOf(weightMap: ReadonlyMap<string, string>): string[] {
  return [...new Set(weightMap.values())].sort();
}

async function readWeightMap(indexPath: string): Promise<Map<string, string>> {
  const { weight_map: entries } = await readJsonObject(indexPath, maxIndexBytes);
  if (typeof entries !== 'object' || entries === null) {
    throw new InputFault({ where: indexPath, what: 'the index has no weight_map' });
  }
  const weightMap = new Map(
    Object.entries(entries as Record<string, unknown>).map(([name, shard]) => [
      name,
      checkShard(indexPath, shard),
    ]),
  );
  if (shardsOf(weightMap).length > maxShards) {
    throw new InputFault({ where: indexPath, what: 'too many shards', expected: `at most ${maxShards}` });
  }
  return weightMap;
}

function checkShard(indexPath: string, shard: unknown): string {
  const ending = indexPath.endsWith('.bin.index.json') ? '.bin' : '.safetensors';
  if (typeof shard === 'string' && shardNames[ending].test(shard)) return shard;
  throw new InputFault({
    where: indexPath,
    what: `a shard is not a plain ${ending} file beside the index`,
    found: JSON.stringify(shard)?.slice(0, 80) ?? 'none',
  });
}

function checkComplete(
  indexPath: string,
  weightMap: ReadonlyMap<string, string>,
  tensors: ReadonlyMap<string, StoredTensor>,
): void {
  const missing = [...weightMap.keys()].filter((name) => !tensors.has(name));
  if (missing.length === 0) return;
  throw new InputFault({
    where: indexPath,
    what: `${missing.length} tensors are not in the shards that the index names: ${listed(missing, 4)}`,
    remedy: 'Download or copy the checkpoint again.',
  });
}
