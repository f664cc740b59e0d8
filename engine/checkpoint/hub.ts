import { downloadFile, HubApiError, listFiles, modelInfo, type ListFileEntry } from '@huggingface/hub';
import { stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { EnvironmentFault, Fault, InputFault } from '../../errors/fault.js';
import { HubCache } from './hub-cache.js';
import { chooseModelFiles, type ModelFileChoice } from './model-files.js';
import { modelFiles } from './model-folder.js';
import { readShardNames } from './sharded-safetensors.js';

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

/** No model of these families is larger; a listing beyond is not one of a model. */
const maxFileBytes = 64 * 2 ** 30;
const maxListed = 10_000;

const localRemedy = 'Set model.checkpoint to a local folder with the model';

/**
 * A model's folder: `checkpoint` itself where it is a folder, else the named repository of the hub in
 * the local cache, downloaded unless it is there already. Only what loading needs is downloaded.
 */
export async function resolveModel(checkpoint: string, options: ResolveOptions): Promise<ResolvedModel> {
  const folder = resolve(options.baseDirectory, checkpoint);
  if (await isFolder(folder)) return { folder, files: await modelFiles(folder) };
  if (!repoName.test(checkpoint) || isAbsolute(checkpoint) || checkpoint.includes('..')) {
    throw new InputFault({
      where: 'model.checkpoint',
      what: 'neither a folder nor the name of a model on the hub',
      expected: 'an existing folder, or a name such as microsoft/deberta-v3-base',
      found: `${checkpoint} (no folder ${folder})`,
      remedy: `${localRemedy}.`,
    });
  }
  const endpoint = (options.endpoint ?? process.env['HF_ENDPOINT'] ?? 'https://huggingface.co').replace(
    /\/+$/,
    '',
  );
  const cache = new HubCache(checkpoint, options.cacheDirectory);
  const cached = await cache.find();
  if (cached !== undefined) return { folder: cached, files: await modelFiles(cached) };
  const token = options.token ?? process.env['HF_TOKEN'];
  const hub = new Repository(checkpoint, endpoint, token === '' ? undefined : token);
  try {
    const downloaded = await download(hub, cache, options.onProgress ?? (() => undefined));
    return { folder: downloaded, files: await modelFiles(downloaded) };
  } catch (error) {
    throw explain(checkpoint, endpoint, error);
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
}

/** One repository, at the commit that its main branch has now. */
class Repository {
  readonly #options: { readonly hubUrl: string; readonly accessToken?: string };

  constructor(
    readonly name: string,
    readonly endpoint: string,
    token: string | undefined,
  ) {
    this.#options = { hubUrl: endpoint, ...(token === undefined ? {} : { accessToken: token }) };
  }

  async commit(): Promise<string> {
    const { sha } = await modelInfo({
      name: this.name,
      additionalFields: ['sha'],
      revision: 'main',
      ...this.#options,
    });
    if (/^[0-9a-f]{40}$/.test(sha)) return sha;
    throw this.malformed('a commit that is no hash');
  }

  /** Files at the root of the repository, by name. */
  async list(revision: string): Promise<Map<string, ListFileEntry>> {
    const files = new Map<string, ListFileEntry>();
    for await (const entry of listFiles({ repo: this.name, revision, ...this.#options })) {
      if (files.size >= maxListed) throw this.malformed(`more than ${maxListed} files`);
      if (entry.type === 'file') files.set(entry.path, entry);
    }
    return files;
  }

  async open(path: string, revision: string): Promise<ReadableStream<Uint8Array>> {
    const blob = await downloadFile({ repo: this.name, path, revision, xet: false, ...this.#options });
    if (blob === null) throw this.malformed(`no ${path}, which it lists`);
    return blob.stream();
  }

  malformed(found: string): EnvironmentFault {
    return new EnvironmentFault({
      where: `${this.endpoint}/${this.name}`,
      what: 'the hub answered in an unexpected way',
      found,
      remedy: 'Check HF_ENDPOINT.',
    });
  }
}

/**
 * Downloads what is missing, weights last: a folder with its weights is complete. The branch is
 * recorded at the very end, so that a download cut off is taken up again at the next run.
 */
async function download(
  hub: Repository,
  cache: HubCache,
  onProgress: (progress: DownloadProgress) => void,
): Promise<string> {
  const commit = await hub.commit();
  const listing = await hub.list(commit);
  const choice = chooseModelFiles(listing.keys());
  checkComplete(hub, choice);
  const fetchFile = async (path: string): Promise<void> => {
    const entry = listing.get(path);
    if (entry === undefined) throw hub.malformed(`no ${path}, which its index names`);
    const size = entry.lfs?.size ?? entry.size;
    if (!Number.isSafeInteger(size) || size < 0 || size > maxFileBytes) {
      throw hub.malformed(`${path} of ${size} bytes`);
    }
    await cache.store(
      commit,
      { path, size, ...digestOf(entry) },
      () => hub.open(path, commit),
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
function digestOf({ lfs, oid }: ListFileEntry): { sha256?: string; gitHash?: string } {
  if (lfs !== undefined) return { sha256: lfs.oid };
  return oid === undefined ? {} : { gitHash: oid };
}

function checkComplete(hub: Repository, choice: ModelFileChoice): void {
  const missing = [
    ...(choice.config ? [] : ['config.json']),
    ...(choice.weights === undefined ? ['model.safetensors or pytorch_model.bin'] : []),
    ...(choice.tokenizer === undefined ? ['tokenizer.json, spm.model or vocab.txt'] : []),
  ];
  if (missing.length === 0) return;
  throw new InputFault({
    where: `${hub.endpoint}/${hub.name}`,
    what: `the repository lacks ${missing.join(' and ')}`,
    remedy: 'Choose a model of the families that foldwise trains, in a format it reads.',
  });
}

function explain(name: string, endpoint: string, error: unknown): Fault {
  if (error instanceof Fault) return error;
  const where = `${endpoint}/${name}`;
  const status = error instanceof HubApiError ? error.statusCode : undefined;
  if (status === 401 || status === 403) {
    const what = 'the hub does not give this model to this user, or there is none of this name';
    const remedy = `Check the name, set HF_TOKEN for a private or gated model, or: ${localRemedy}.`;
    return new InputFault({ where, what, found: `status ${status}`, remedy }, { cause: error });
  }
  if (status === 404) {
    const remedy = `Check the name (and HF_ENDPOINT), or: ${localRemedy}.`;
    return new InputFault({ where, what: 'the hub has no model of this name', remedy }, { cause: error });
  }
  if (error instanceof TypeError && error.message.includes('access token')) {
    return new InputFault({ where: 'HF_TOKEN', what: 'not an access token of the hub', expected: 'hf_…' });
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

/** The innermost cause says most: fetch itself only says that it failed. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return cause.message === '' ? String((cause as NodeJS.ErrnoException).code) : cause.message;
}
