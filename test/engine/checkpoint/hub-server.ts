import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface HubServer {
  readonly url: string;
  /** Every request so far, as `METHOD path`. */
  readonly requests: readonly string[];
  /** Bytes of each file that were sent, in all answers together. */
  readonly sent: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

export interface HubBehaviour {
  /** Only requests with this bearer token are answered. */
  readonly token?: string;
  /** Files whose transfer breaks off half-way, for so many downloads each. */
  readonly breaks?: Map<string, number>;
  /** Commits of branches and tags; all others are at the folder's one commit. */
  readonly revisions?: Readonly<Record<string, string>>;
  /** Files of which the next answer stops after so many bytes, without an end. */
  readonly stalls?: Map<string, number>;
  /** Statuses that answer the next requests in place of a file, with how many seconds to wait. */
  readonly busy?: [status: number, retryAfter: string][];
  /** Whether parts of files are not given. */
  readonly wholeOnly?: boolean;
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
  const sent = new Map<string, number>();
  const server = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    answer({ folders: folderByRepo, behaviour, sent }, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, requests, sent, close: () => close(server) };
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

interface Hub {
  readonly folders: Readonly<Record<string, string>>;
  readonly behaviour: HubBehaviour;
  readonly sent: Map<string, number>;
}

function answer(hub: Hub, request: IncomingMessage, response: ServerResponse): void {
  const { folders, behaviour } = hub;
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
  sendFile(hub, { direct: path.startsWith('cdn/'), repo, folder, file }, request, response);
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
      sha: behaviour.revisions?.[decodeURIComponent(rest.slice('revision/'.length))] ?? commitOf(folder),
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
  { behaviour, sent }: Hub,
  { direct, repo, folder, file }: { direct: boolean; repo: string; folder: string; file: string },
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const [status, retryAfter] = behaviour.busy?.shift() ?? [];
  if (status !== undefined) {
    response.writeHead(status, { 'Retry-After': retryAfter }).end();
    return;
  }
  const bytes = readFileSync(join(folder, file));
  const linked = `"${createHash('sha256').update(bytes).digest('hex')}"`;
  const own = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
  const etag = direct ? `"of-the-network-${own.slice(0, 8)}"` : `"${own}"`;
  const headers = { ETag: etag, 'X-Repo-Commit': commitOf(folder), 'Accept-Ranges': 'bytes' };
  if (bytes.length > largeBytes && !direct) {
    const redirect = {
      'X-Linked-Size': bytes.length,
      'X-Linked-ETag': linked,
      Location: `/cdn/${repo}/${file}`,
    };
    response.writeHead(302, { ...headers, ...redirect }).end();
    return;
  }
  const last = bytes.length - 1;
  if (behaviour.corrupt?.has(file) === true) bytes.writeUInt8(bytes.readUInt8(last) ^ 1, last);
  const send = (part: Buffer): void => {
    const note = (count: number): void => void sent.set(file, (sent.get(file) ?? 0) + count);
    const stall = behaviour.stalls?.get(file);
    const breaks = behaviour.breaks?.get(file) ?? 0;
    if (stall !== undefined) {
      behaviour.stalls?.delete(file);
      response.write(part.subarray(0, stall), () => note(stall));
    } else if (breaks > 0) {
      behaviour.breaks?.set(file, breaks - 1);
      const half = part.subarray(0, part.length >> 1);
      note(half.length);
      response.write(half, () => setTimeout(() => response.destroy(), 50));
    } else {
      note(part.length);
      response.end(part);
    }
  };
  const from = rangeOf(request, etag);
  if (from === null || behaviour.wholeOnly === true) {
    response.writeHead(200, { ...headers, 'Content-Length': bytes.length });
    return send(bytes);
  }
  if (from >= bytes.length) {
    response.writeHead(416, { ...headers, 'Content-Range': `bytes */${bytes.length}` }).end();
    return;
  }
  const part = bytes.subarray(from);
  response.writeHead(206, {
    ...headers,
    'Content-Length': part.length,
    'Content-Range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
  });
  send(part);
}

/** Where the asked part begins; null where all is asked for, or the part of another file. */
function rangeOf({ headers }: IncomingMessage, etag: string): number | null {
  const from = /^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1];
  const condition = headers['if-range'];
  return from === undefined || (condition !== undefined && condition !== etag) ? null : Number(from);
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
