import { stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { EnvironmentFault, Fault, InputFault } from '../../errors/fault.js';
import { HubCache } from './hub-cache.js';
import { HubConnection, HubMisbehaved, HubStatus, type Patience } from './hub-connection.js';
import { HubRepository, maxModelBytes, misbehaved, type ListedFile } from './hub-repository.js';
import { chooseModelFiles, tokenizerFiles, type ModelFileChoice } from './model-files.js';
import { modelFiles } from './model-folder.js';
import { readShardNames } from './sharded-weights.js';

export interface ResolveOptions {
  /** A relative `checkpoint` is looked for here before it is taken for a name of the hub. */
  readonly baseDirectory: string;
  /** The hub's cache; by default the one that Hugging Face's own tools use. */
  readonly cacheDirectory?: string;
  /** By default HF_ENDPOINT, else https://huggingface.co. */
  readonly endpoint?: string;
  /** By default HF_TOKEN; only sent to the endpoint. */
  readonly token?: string;
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** How long the hub may take; by default longer than one that works ever does. */
  readonly patience?: Patience;
}

export interface DownloadProgress {
  readonly file: string;
  /** Bytes of this file so far, and in all. */
  readonly bytes: number;
  readonly total: number;
}

export interface ResolvedModel {
  readonly folder: string;
  /** Names of the files that make the model (config, weights with shards, tokenizer), sorted. */
  readonly files: readonly string[];
}

/** A repository's name: `name` or `organisation/name`. */
const repoName = /^(?=.{1,96}$)[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)?$/;

const localRemedy = 'Set model.checkpoint to a local folder with the model';

/**
 * A model's folder: `checkpoint` itself where it is a folder, else the named repository of the hub in
 * the local cache, downloaded unless it is there already. Only what loading needs is downloaded.
 */
export async function resolveModel(checkpoint: string, options: ResolveOptions): Promise<ResolvedModel> {
  const folder = resolve(options.baseDirectory, checkpoint);
  if (checkpoint !== '' && (await isFolder(folder))) return { folder, files: await modelFiles(folder) };
  if (!repoName.test(checkpoint) || isAbsolute(checkpoint) || checkpoint.includes('..')) {
    throw new InputFault({
      where: 'model.checkpoint',
      what: 'neither a folder nor the name of a model on the hub',
      expected: 'an existing folder, or a name such as microsoft/deberta-v3-base',
      found: `${JSON.stringify(checkpoint.slice(0, 120))} (no folder ${JSON.stringify(folder.slice(0, 200))})`,
      remedy: `${localRemedy}.`,
    });
  }
  const cache = new HubCache(checkpoint, options.cacheDirectory);
  const cached = await cache.find();
  if (cached !== undefined) return { folder: cached, files: await modelFiles(cached) };
  const hub = new HubRepository(checkpoint, connect(options));
  try {
    const downloaded = await download(hub, cache, options.onProgress ?? (() => undefined));
    return { folder: downloaded, files: await modelFiles(downloaded) };
  } catch (error) {
    throw explain(hub.where, error);
  }
}

function connect({ endpoint, token, patience }: ResolveOptions): HubConnection {
  const address = endpoint ?? process.env['HF_ENDPOINT'] ?? 'https://huggingface.co';
  const secret = token ?? process.env['HF_TOKEN'];
  return new HubConnection(address, secret === '' ? undefined : secret, patience);
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
}

/**
 * Downloads what is missing, weights last: a folder with its weights is complete. The branch is
 * recorded at the very end, so that a download cut off is taken up again at the next run.
 */
async function download(
  hub: HubRepository,
  cache: HubCache,
  onProgress: (progress: DownloadProgress) => void,
): Promise<string> {
  const commit = await hub.commit();
  const listing = await hub.list(commit);
  const choice = chooseModelFiles(listing.keys());
  checkComplete(hub, choice);
  let total = 0;
  const fetchFile = async (path: string): Promise<void> => {
    const entry = listing.get(path);
    if (entry === undefined) throw hub.malformed(`no ${path}, which its index names`);
    const size = entry.lfs?.size ?? entry.size;
    total += size;
    if (total > maxModelBytes) throw hub.malformed(`${path} of ${size} bytes`);
    await cache.store(
      commit,
      { path, size, ...digestOf(entry) },
      () => hub.open(path, commit, size),
      (bytes) => onProgress({ file: path, bytes, total: size }),
    );
  };
  const first = [...choice.settings, choice.tokenizer, 'config.json'].filter((name) => name !== undefined);
  for (const path of first) await fetchFile(path);
  const weights = choice.weights as string;
  if (weights.endsWith('.index.json')) {
    await fetchFile(weights);
    for (const shard of await readShardNames(join(cache.snapshot(commit), weights))) await fetchFile(shard);
  } else await fetchFile(weights);
  await cache.setBranch(commit);
  return cache.snapshot(commit);
}

/** Large files are named by the SHA-256 of their bytes, others by git's own hash of them. */
function digestOf({ lfs, oid }: ListedFile): { sha256?: string; gitHash?: string } {
  if (lfs !== undefined) return { sha256: lfs.oid };
  return oid === undefined ? {} : { gitHash: oid };
}

function checkComplete(hub: HubRepository, choice: ModelFileChoice): void {
  const missing = [
    ...(choice.config ? [] : ['config.json']),
    ...(choice.weights === undefined ? ['model.safetensors or pytorch_model.bin'] : []),
    ...(choice.tokenizer === undefined ? [`one of ${tokenizerFiles.join(', ')}`] : []),
  ];
  if (missing.length === 0) return;
  throw new InputFault({
    where: hub.where,
    what: `the repository lacks ${missing.join(' and ')}`,
    remedy: 'Choose a model of the families that foldwise trains, in a format it reads.',
  });
}

function explain(where: string, error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof HubMisbehaved) return misbehaved(where, error);
  const status = error instanceof HubStatus ? error.status : undefined;
  if (status === 401 || status === 403) {
    const what = 'the hub does not give this model to this user, or there is none of this name';
    const remedy = `Check the name, set HF_TOKEN for a private or gated model, or: ${localRemedy}.`;
    return new InputFault({ where, what, found: `status ${status}`, remedy }, { cause: error });
  }
  if (status === 404) {
    const remedy = `Check the name (and HF_ENDPOINT), or: ${localRemedy}.`;
    return new InputFault({ where, what: 'the hub has no model of this name', remedy }, { cause: error });
  }
  return new EnvironmentFault(
    {
      where,
      what: 'the model cannot be downloaded from the hub',
      found: reasonOf(error),
      remedy: `${localRemedy}, or HF_ENDPOINT to a mirror that can be reached.`,
    },
    { cause: error },
  );
}

/** Some errors of the network have a code alone. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === '' ? String((error as NodeJS.ErrnoException).code) : error.message;
}
