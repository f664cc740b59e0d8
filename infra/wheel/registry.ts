import { bytesOf, fetchBounded } from '../fetch-bounded.js';

const publicIndex = 'https://pypi.org/simple';
const indexMs = 15_000;

/** A file of a project of the Python registry. */
export interface RegistryFile {
  readonly project: string;
  readonly name: string;
}

/** Milliseconds that a file may take; a large one has longer. */
export const downloadMs = 10 * 60_000;

/**
 * Begins to fetch a file from the index that pip would ask, without its settings file.
 *
 * @throws Error with the reason, in one clause
 */
export async function openFromIndex(
  { project, name }: RegistryFile,
  signal?: AbortSignal,
): Promise<Response> {
  const limits = signal === undefined ? {} : { signal };
  const { url: index, headers } = withCredentials(`${indexOf(process.env).replace(/\/+$/, '')}/${project}/`);
  const accept = 'application/vnd.pypi.simple.v1+json, text/html;q=0.1';
  const page = await fetchBounded(index, { ...limits, timeoutMs: indexMs, headers: { ...headers, accept } });
  const link = linkTo(name, (await bytesOf(page)).toString('utf8'));
  if (link === null) throw new Error(`${index.host} has no ${name}`);
  const url = new URL(link, page.url);
  // What opens the index goes nowhere else.
  const again = url.origin === index.origin ? headers : {};
  return fetchBounded(url, { ...limits, timeoutMs: downloadMs, headers: again });
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

function indexOf(env: NodeJS.ProcessEnv): string {
  return env['PIP_INDEX_URL'] || env['UV_DEFAULT_INDEX'] || publicIndex;
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
