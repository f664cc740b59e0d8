import { stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { EnvironmentFault, Fault, InputFault } from '../../errors/fault.js';
import { HubCache } from './hub-cache.js';
import { HubConnection, type Patience } from './hub-connection.js';
import { download, type RemoteFile } from './hub-download.js';
import { HubMisbehaved, HubStatus } from './hub-faults.js';
import { parseHubName, type HubName } from './hub-name.js';
import { HubRepository, maxModelBytes, misbehaved, type ListedFile } from './hub-repository.js';
import { hubCacheDirectory, hubEndpoint, hubToken, isOffline } from './hub-settings.js';
import { chooseModelFiles, tokenizerFiles, type ModelFileChoice } from './model-files.js';
import { modelFiles } from './model-folder.js';
import { readShardNames } from './sharded-weights.js';

export interface ResolveOptions {
  /** A relative `checkpoint` is looked for here before it is taken for a name of the hub. */
  readonly baseDirectory: string;
  /** The hub's cache; by default the one that Hugging Face's own tools use (see `hub-settings.ts`). */
  readonly cacheDirectory?: string;
  /** By default as the environment says. */
  readonly endpoint?: string;
  /** By default as the environment or the token's file says; only sent to the endpoint. */
  readonly token?: string;
  /** Whether nothing is asked of the hub; by default as the environment says. */
  readonly offline?: boolean;
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

const localRemedy = 'Set model.checkpoint to a local folder with the model';

/**
 * A model's folder: `checkpoint` itself where it is a folder, else the named repository of the hub in
 * the local cache, downloaded unless it is there already. Only what loading needs is downloaded.
 */
export async function resolveModel(checkpoint: string, options: ResolveOptions): Promise<ResolvedModel> {
  const present = await findModel(checkpoint, options);
  if (present !== undefined) return present;
  const name = nameOf(checkpoint, options);
  const endpoint = options.endpoint ?? hubEndpoint();
  if (options.offline ?? isOffline()) throw notInCache(checkpoint);
  const token = options.token ?? (await hubToken());
  const connection = new HubConnection(endpoint, token === '' ? undefined : token, options.patience);
  const hub = new HubRepository(name.repository, connection);
  try {
    const folder = await downloadModel(hub, name, cacheOf(name, options), options.onProgress);
    return { folder, files: await modelFiles(folder) };
  } catch (error) {
    throw explain(hub.where, name, error);
  }
}

/**
 * A model's folder, where it is on this machine already; undefined where it would have to be downloaded.
 *
 * @throws InputFault for what is neither a folder nor a name of the hub
 */
export async function findModel(
  checkpoint: string,
  options: Pick<ResolveOptions, 'baseDirectory' | 'cacheDirectory'>,
): Promise<ResolvedModel | undefined> {
  const folder = resolve(options.baseDirectory, checkpoint);
  if (checkpoint !== '' && (await isFolder(folder))) return { folder, files: await modelFiles(folder) };
  const name = nameOf(checkpoint, options);
  const cached = await cacheOf(name, options).find(name.revision);
  return cached === undefined ? undefined : { folder: cached, files: await modelFiles(cached) };
}

function nameOf(checkpoint: string, { baseDirectory }: Pick<ResolveOptions, 'baseDirectory'>): HubName {
  const name = isAbsolute(checkpoint) ? undefined : parseHubName(checkpoint);
  if (name !== undefined) return name;
  const folder = resolve(baseDirectory, checkpoint);
  throw new InputFault({
    where: 'model.checkpoint',
    what: 'neither a folder nor the name of a model on the hub',
    expected: 'an existing folder, or a name such as microsoft/deberta-v3-base',
    found: `${JSON.stringify(checkpoint.slice(0, 120))} (no folder ${JSON.stringify(folder.slice(0, 200))})`,
    remedy: `${localRemedy}.`,
  });
}

function cacheOf(
  { repository }: HubName,
  { cacheDirectory = hubCacheDirectory() }: Pick<ResolveOptions, 'cacheDirectory'>,
): HubCache {
  return new HubCache(repository, cacheDirectory);
}

function notInCache(checkpoint: string): InputFault {
  return new InputFault({
    where: 'model.checkpoint',
    what: 'the model is not in the cache, and nothing may be downloaded',
    found: `${JSON.stringify(checkpoint)}, with HF_HUB_OFFLINE set`,
    remedy: `Download it once without HF_HUB_OFFLINE, or: ${localRemedy}.`,
  });
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
async function downloadModel(
  hub: HubRepository,
  { revision }: HubName,
  cache: HubCache,
  onProgress: (progress: DownloadProgress) => void = () => undefined,
): Promise<string> {
  const commit = await hub.commit(revision);
  const listing = await hub.list(commit);
  const choice = chooseModelFiles(listing.keys());
  checkComplete(hub, choice);
  const remoteFile = (path: string): RemoteFile => {
    const entry = listing.get(path);
    if (entry === undefined) throw hub.malformed(`no ${path}, which its index names`);
    return { path, size: entry.lfs?.size ?? entry.size, ...digestOf(entry) };
  };
  await cache.recover([...listing.keys()].map(remoteFile));
  let total = 0;
  const fetchFile = async (path: string): Promise<void> => {
    const file = remoteFile(path);
    total += file.size;
    if (total > maxModelBytes) throw hub.malformed(`${path} of ${file.size} bytes`);
    const onBytes = (bytes: number): void => onProgress({ file: path, bytes, total: file.size });
    await cache.store(commit, file, (partial) => {
      onBytes(partial.bytes);
      return download(hub, commit, file, partial, onBytes);
    });
  };
  const first = [...choice.settings, choice.tokenizer, 'config.json'].filter((name) => name !== undefined);
  for (const path of first) await fetchFile(path);
  const weights = choice.weights as string;
  if (weights.endsWith('.index.json')) {
    await fetchFile(weights);
    for (const shard of await readShardNames(join(cache.snapshot(commit), weights))) await fetchFile(shard);
  } else await fetchFile(weights);
  await cache.record(revision, commit);
  return cache.snapshot(commit);
}

/** Large files are named by the SHA-256 of their bytes, others by git's own hash of them. */
function digestOf({ lfs, oid }: ListedFile): Pick<RemoteFile, 'digest'> {
  if (lfs !== undefined) return { digest: { algorithm: 'sha256', hex: lfs.oid } };
  return oid === undefined ? {} : { digest: { algorithm: 'git', hex: oid } };
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

function explain(where: string, { revision }: HubName, error: unknown): Fault {
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
    const what =
      revision === 'main'
        ? 'the hub has no model of this name'
        : `the hub has no model of this name, or no revision ${JSON.stringify(revision)} of it`;
    return new InputFault({ where, what, remedy }, { cause: error });
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
