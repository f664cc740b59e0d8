import { get as getHttp, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { InputFault } from '../../errors/fault.js';
import { parseJson } from './bounded-json.js';

/** How long an answer may keep us waiting. */
export interface Patience {
  /** Between two pieces of an answer, and before the first. */
  readonly idleMs: number;
  /** For an answer of the hub's interface. */
  readonly answerMs: number;
  /** A file gets this besides the time that its size takes at `bytesPerSecond`. */
  readonly fileMs: number;
  readonly bytesPerSecond: number;
}

export const defaultPatience: Patience = {
  idleMs: 60_000,
  answerMs: 120_000,
  fileMs: 600_000,
  bytesPerSecond: 50_000,
};

/** An answer of the interface is a few hundred bytes for each file. */
const maxAnswerBytes = 4 << 20;

const maxRedirects = 5;

/** An answer other than 200; redirects are followed first. */
export class HubStatus extends Error {
  constructor(readonly status: number) {
    super(`status ${status}`);
  }
}

/** An answer that no hub gives: too large, too slow, leading elsewhere. The message says which. */
export class HubMisbehaved extends Error {}

export interface HubAnswer {
  readonly headers: IncomingHttpHeaders;
  /** Decompressed; whoever reads it counts. Ends with an error where it is too slow. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Requests to one hub. The token goes to the endpoint's own origin and to nobody else, wherever a
 * redirect or a link leads. Every wait has an end, and nothing is read that was not asked for.
 */
export class HubConnection {
  readonly #endpoint: URL;
  readonly #token: string | undefined;
  readonly #patience: Patience;

  /** @throws InputFault for an endpoint that is no address of the web, or a token that is none */
  constructor(endpoint: string, token: string | undefined, patience: Patience = defaultPatience) {
    this.#endpoint = endpointUrl(endpoint);
    this.#token = token;
    this.#patience = patience;
    if (token !== undefined && !/^hf_[\x21-\x7e]+$/.test(token)) {
      throw new InputFault({ where: 'HF_TOKEN', what: 'not an access token of the hub', expected: 'hf_…' });
    }
  }

  /** The endpoint as it may be shown: without a password. */
  get name(): string {
    return `${this.#endpoint.origin}${this.#endpoint.pathname}`.replace(/\/+$/, '');
  }

  /** The address of a path below the endpoint, its parts encoded already. */
  address(path: string): URL {
    return new URL(`${this.#endpoint.href.replace(/\/+$/, '')}/${path}`);
  }

  /** The page after this one; undefined at the last. @throws HubMisbehaved where it is another host's */
  nextPage({ headers }: Pick<HubAnswer, 'headers'>, page: URL): URL | undefined {
    const next = /<([^<>]*)>\s*;[^,]*\brel="?next"?/i.exec([headers.link ?? ''].flat().join(','))?.[1];
    if (next === undefined) return undefined;
    const url = URL.canParse(next, page.href) ? new URL(next, page) : undefined;
    if (url?.origin === this.#endpoint.origin) return url;
    throw new HubMisbehaved('its list goes on at another host');
  }

  async json(url: URL): Promise<{ readonly value: unknown; readonly headers: IncomingHttpHeaders }> {
    const { headers, body } = await this.#get(url, this.#patience.answerMs);
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of body) {
      bytes += piece.length;
      if (bytes > maxAnswerBytes) throw new HubMisbehaved(`an answer of more than ${maxAnswerBytes} bytes`);
      pieces.push(piece);
    }
    return { headers, value: parseJson(`${url.origin}${url.pathname}`, Buffer.concat(pieces)) };
  }

  /** @param bytes the file's size as it was announced: what time it may take */
  async file(url: URL, bytes: number): Promise<AsyncIterable<Uint8Array>> {
    const { fileMs, bytesPerSecond } = this.#patience;
    return (await this.#get(url, fileMs + (bytes / bytesPerSecond) * 1000)).body;
  }

  async #get(start: URL, totalMs: number): Promise<HubAnswer> {
    const watch = new Watch(this.#patience.idleMs, totalMs);
    try {
      let url = start;
      for (let redirects = 0; ; redirects++) {
        const message = await this.#send(url, watch);
        const status = message.statusCode ?? 0;
        if (status === 200) return { headers: message.headers, body: watch.pieces(decoded(message)) };
        message.destroy();
        const { location } = message.headers;
        if (status < 300 || status > 399 || location === undefined) throw new HubStatus(status);
        if (redirects === maxRedirects) throw new HubMisbehaved('redirects without end');
        url = redirectTarget(location, url);
      }
    } catch (error) {
      watch.close();
      throw watch.fault ?? error;
    }
  }

  #send(url: URL, watch: Watch): Promise<IncomingMessage> {
    const get = url.protocol === 'https:' ? getHttps : getHttp;
    const headers = {
      Accept: '*/*',
      'Accept-Encoding': 'identity',
      'User-Agent': 'foldwise',
      ...(this.#token !== undefined && url.origin === this.#endpoint.origin
        ? { Authorization: `Bearer ${this.#token}` }
        : {}),
    };
    return new Promise((resolve, reject) => {
      const request = get(url, { headers });
      watch.over(request);
      request.on('error', reject);
      request.on('response', (message) => {
        // What ends the connection later ends the reading; without a listener it would end the process.
        message.on('error', () => undefined);
        watch.over(message);
        resolve(message);
      });
    });
  }
}

/** Ends a transfer that takes too long, and says so. */
class Watch {
  fault: HubMisbehaved | undefined;
  readonly #idleMs: number;
  readonly #total: NodeJS.Timeout;
  #idle: NodeJS.Timeout;
  #watched: { destroy(error: Error): unknown } | undefined;

  constructor(idleMs: number, totalMs: number) {
    this.#idleMs = idleMs;
    this.#total = setTimeout(
      () => this.#end(`an answer of more than ${seconds(totalMs)} s`),
      Math.min(totalMs, 2 ** 31 - 1),
    );
    this.#idle = this.#waiting();
  }

  over(watched: { destroy(error: Error): unknown }): void {
    this.#watched = watched;
    this.#progress();
  }

  async *pieces(stream: Readable): AsyncGenerator<Uint8Array> {
    this.over(stream);
    try {
      for await (const piece of stream as AsyncIterable<Buffer>) {
        this.#progress();
        yield piece;
      }
    } catch (error) {
      throw this.fault ?? error;
    } finally {
      this.close();
      stream.destroy();
    }
  }

  close(): void {
    clearTimeout(this.#total);
    clearTimeout(this.#idle);
  }

  #progress(): void {
    clearTimeout(this.#idle);
    this.#idle = this.#waiting();
  }

  #waiting(): NodeJS.Timeout {
    return setTimeout(() => this.#end(`nothing for ${seconds(this.#idleMs)} s`), this.#idleMs);
  }

  #end(found: string): void {
    this.fault = new HubMisbehaved(found);
    this.#watched?.destroy(this.fault);
  }
}

const decompressors: ReadonlyMap<string, () => Transform> = new Map([
  ['gzip', createGunzip],
  ['br', createBrotliDecompress],
]);

/** A body that was compressed although we asked for it as it is: not every server listens. */
function decoded(message: IncomingMessage): Readable {
  const encoding = message.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return message;
  const decompress = decompressors.get(encoding)?.();
  if (decompress === undefined) {
    message.destroy();
    throw new HubMisbehaved(`an answer in the encoding ${JSON.stringify(encoding.slice(0, 40))}`);
  }
  // It may fail before anybody reads; the reader is told then.
  decompress.on('error', () => undefined);
  decompress.on('close', () => message.destroy());
  message.on('close', () => {
    if (!message.complete) decompress.destroy(new HubMisbehaved('an answer that breaks off'));
  });
  return message.pipe(decompress);
}

function redirectTarget(location: string, from: URL): URL {
  const url = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && from.protocol === 'http:')) return url;
  throw new HubMisbehaved('a redirect to no address of the web, or away from https');
}

function endpointUrl(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  throw new InputFault({
    where: 'HF_ENDPOINT',
    what: 'not the address of a hub',
    found: JSON.stringify(endpoint.slice(0, 80)),
    expected: 'an address such as https://huggingface.co',
  });
}

function seconds(ms: number): number {
  return Math.round(ms / 1000);
}
