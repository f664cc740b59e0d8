import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface HubServer {
  readonly url: string;
  /** Every request so far, as `METHOD path`. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

export interface HubBehaviour {
  /** Only requests with this bearer token are answered. */
  readonly token?: string;
  /** Files whose transfer breaks off half-way, for so many downloads each. */
  readonly breaks?: Map<string, number>;
  /** Files sent with other bytes than announced. */
  readonly corrupt?: ReadonlySet<string>;
  /** Entries listed besides the folder's own. */
  readonly extraEntries?: readonly { readonly path: string; readonly size: number }[];
}

/** Above this size a file is announced as large: by its SHA-256 and reached by a redirect. */
const largeBytes = 10_000;

/** Plays the hub for the given repositories: what the client asks of the real one, answered from folders. */
export async function serveHub(
  folderByRepo: Readonly<Record<string, string>>,
  behaviour: HubBehaviour = {},
): Promise<HubServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    answer(folderByRepo, behaviour, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, requests, close: () => close(server) };
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

function answer(
  folders: Readonly<Record<string, string>>,
  behaviour: HubBehaviour,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const path = decodeURIComponent(new URL(request.url ?? '/', 'http://hub').pathname).slice(1);
  if (behaviour.token !== undefined && request.headers.authorization !== `Bearer ${behaviour.token}`) {
    return fail(response, 401, 'Invalid username or password.');
  }
  const repo = Object.keys(folders).find((name) =>
    [`${name}/`, `api/models/${name}/`, `cdn/${name}/`].some((prefix) => path.startsWith(prefix)),
  );
  if (repo === undefined) return fail(response, 404, 'Repository not found');
  const folder = folders[repo] as string;
  const rest = path.slice(path.indexOf(repo) + repo.length + 1);
  if (path.startsWith('api/models/')) return answerApi(repo, folder, rest, behaviour, response);
  const file = rest.replace(/^resolve\/[^/]+\//, '');
  if (!readdirSync(folder).includes(file)) return fail(response, 404, 'Entry not found', 'EntryNotFound');
  sendFile(path.startsWith('cdn/'), repo, folder, file, behaviour, request, response);
}

function answerApi(
  repo: string,
  folder: string,
  rest: string,
  behaviour: HubBehaviour,
  response: ServerResponse,
): void {
  if (rest.startsWith('revision/')) {
    sendJson(response, {
      _id: '1',
      id: repo,
      sha: commitOf(folder),
      lastModified: new Date(0).toISOString(),
    });
  } else if (rest.startsWith('tree/')) {
    const own = readdirSync(folder).map((file) => describe(folder, file));
    sendJson(response, [
      ...own,
      ...(behaviour.extraEntries ?? []).map((entry) => ({ type: 'file', ...entry })),
    ]);
  } else fail(response, 404, 'Not found');
}

function describe(folder: string, file: string): object {
  const bytes = readFileSync(join(folder, file));
  const oid = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
  const lfs = { oid: createHash('sha256').update(bytes).digest('hex'), size: bytes.length, pointerSize: 130 };
  const entry = { type: 'file', path: file, size: bytes.length, oid };
  return bytes.length > largeBytes ? { ...entry, lfs } : entry;
}

/** A commit that changes with the files' names and sizes. */
function commitOf(folder: string): string {
  const state = readdirSync(folder).map((file) => `${file}:${statSync(join(folder, file)).size}`);
  return createHash('sha1').update(state.join('\n')).digest('hex');
}

function sendFile(
  direct: boolean,
  repo: string,
  folder: string,
  file: string,
  behaviour: HubBehaviour,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const bytes = readFileSync(join(folder, file));
  const etag = `"${createHash('sha256').update(bytes).digest('hex')}"`;
  const headers = { ETag: etag, 'X-Repo-Commit': commitOf(folder), 'Accept-Ranges': 'bytes' };
  if (bytes.length > largeBytes && !direct) {
    const linked = { 'X-Linked-Size': bytes.length, 'X-Linked-ETag': etag, Location: `/cdn/${repo}/${file}` };
    response.writeHead(302, { ...headers, ...linked }).end();
    return;
  }
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  if (range !== null) {
    const part = bytes.subarray(Number(range[1]), Number(range[2]) + 1);
    response
      .writeHead(206, {
        ...headers,
        'Content-Length': part.length,
        'Content-Range': `bytes ${range[1]}-${range[2]}/${bytes.length}`,
      })
      .end(part);
    return;
  }
  if (behaviour.corrupt?.has(file) === true) bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
  response.writeHead(200, { ...headers, 'Content-Length': bytes.length });
  const breaks = behaviour.breaks?.get(file) ?? 0;
  if (breaks === 0) {
    response.end(bytes);
    return;
  }
  behaviour.breaks?.set(file, breaks - 1);
  response.write(bytes.subarray(0, bytes.length >> 1), () => setTimeout(() => response.destroy(), 50));
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
}

function fail(response: ServerResponse, status: number, error: string, code?: string): void {
  const headers = {
    'Content-Type': 'application/json',
    ...(code === undefined ? {} : { 'X-Error-Code': code }),
  };
  response.writeHead(status, headers).end(JSON.stringify({ error }));
}
