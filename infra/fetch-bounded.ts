import { createHash } from 'node:crypto';

/** A file that is fetched, and what it must be. */
export interface PinnedFile {
  readonly name: string;
  readonly sha256: string;
}

/** An index of a registry, an archive with the server, or CUDA's provider: all are smaller. */
const mostBytes = 256 * 2 ** 20;

export interface FetchOptions {
  readonly timeoutMs: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * The bytes at an address.
 *
 * @throws Error with the reason, in one clause
 */
export async function fetchBounded(
  url: URL,
  { timeoutMs, headers, signal }: FetchOptions,
): Promise<Response> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const response = await fetch(url, {
    signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
    ...(headers === undefined ? {} : { headers }),
  });
  if (!response.ok) throw new Error(`${url.host} answered ${response.status}`);
  return response;
}

/** The whole body, unless it has more bytes than anything that is fetched here. */
export async function bytesOf(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bounded(response)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The body as it comes, unless it has more bytes than anything that is fetched here. */
export async function* bounded(response: Response): AsyncIterable<Uint8Array> {
  const body: AsyncIterable<Uint8Array> | null = response.body;
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > mostBytes)
      throw new Error(`${new URL(response.url).host} sends more than ${mostBytes} bytes`);
    yield chunk;
  }
}

/** @throws Error where the bytes are not those that are pinned */
export function requirePinned(bytes: Uint8Array, { name, sha256 }: PinnedFile): void {
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
    throw new Error(`${name} does not have the SHA-256 that is pinned for it`);
  }
}

/** `fetch` says only that it failed; its cause says why. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
