import { get as getHttp, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import type { Readable, Transform } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { InputFault } from '../../errors/fault.js';
import { parseJson } from './bounded-json.js';
import { HubContradiction, HubMisbehaved, HubStalled, HubStatus } from './hub-faults.js';
import { tokenPattern } from './hub-settings.js';
import { TransferWatch } from './transfer-watch.js';

/** How long an answer may keep us waiting. */
export interface Patience {
  /** Between two pieces of an answer, and before the first. */
  readonly idleMs: number;
  /** For an answer of the hub's interface. */
  readonly answerMs: number;
  /** A file gets this besides the time that its size takes at `bytesPerSecond`. */
  readonly fileMs: number;
  readonly bytesPerSecond: number;
  /** Before the first repetition of what may have failed by chance; doubled for each after. */
  readonly retryMs: number;
  /** A hub that asks for a longer wait is not waited for. */
  readonly longestWaitMs: number;
}

export const defaultPatience: Patience = {
  idleMs: 60_000,
  answerMs: 120_000,
  fileMs: 600_000,
  bytesPerSecond: 50_000,
  retryMs: 1_000,
  longestWaitMs: 120_000,
};

/** How often what may have failed by chance is done again without getting any further. */
const maxRetries = 4;

/** An answer of the interface is a few hundred bytes for each file. */
const maxAnswerBytes = 4 << 20;

const maxRedirects = 5;

export interface HubAnswer {
  /** 200, or 206 where a range was asked for. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Those of the hub's own redirects that led here. */
  readonly before: readonly IncomingHttpHeaders[];
  /** Ends the transfer without reading it. */
  stop(): void;
  /** Decompressed; whoever reads it counts. Ends with an error where it is too slow. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** A part of a file, as it is asked for. */
export interface WantedBytes {
  /** The file's size as it was announced. */
  readonly bytes: number;
  /** Its hash as it was announced, where it was: the hub's tag of it. */
  readonly digest: string | undefined;
  /** Those before are here already. */
  readonly from: number;
  readonly withinMs: number;
}

export interface FileBytes {
  /** Where they begin: where they were wanted from, or 0. */
  readonly from: number;
  readonly body: AsyncIterable<Uint8Array>;
}

type Range = Pick<WantedBytes, 'from'> & Partial<Pick<WantedBytes, 'digest'>>;

/** Answers of a hub that has too much to do. */
const passingStatuses: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

const brokenConnections: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ECONNABORTED',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

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
    if (token !== undefined && !tokenPattern.test(token)) {
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

  /**
   * Does again what may have failed by chance, after a while: an overloaded hub, a connection that broke.
   *
   * @param progressed whether the last attempt got anywhere: then they are counted anew
   */
  async patiently<T>(work: () => Promise<T>, progressed: () => boolean = () => false): Promise<T> {
    for (let retries = 0; ; retries++) {
      try {
        return await work();
      } catch (error) {
        const further = progressed();
        if (further) retries = 0;
        const waitMs = this.#waitMs(error, retries, further);
        if (waitMs === null || retries >= maxRetries) throw error;
        await delay(waitMs);
      }
    }
  }

  /** How long to wait before trying again; null where that is of no use. */
  #waitMs(error: unknown, retries: number, further: boolean): number | null {
    const usual = this.#patience.retryMs * 2 ** retries;
    if (error instanceof HubStatus) {
      if (!passingStatuses.has(error.status)) return null;
      const asked = (error.retryAfterSeconds ?? 0) * 1000;
      return asked > this.#patience.longestWaitMs ? null : Math.max(usual, asked);
    }
    if (error instanceof HubMisbehaved) return further && error instanceof HubStalled ? usual : null;
    return brokenConnections.has((error as NodeJS.ErrnoException).code ?? '') ? usual : null;
  }

  json(url: URL): ReturnType<HubConnection['jsonOnce']> {
    return this.patiently(() => this.jsonOnce(url));
  }

  private async jsonOnce(
    url: URL,
  ): Promise<{ readonly value: unknown; readonly headers: IncomingHttpHeaders }> {
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

  /** How long a file of so many bytes may take in all. */
  patienceMs(bytes: number): number {
    const { fileMs, bytesPerSecond } = this.#patience;
    return fileMs + (bytes / bytesPerSecond) * 1000;
  }

  /**
   * The bytes of a file from a place on, or all of them where the hub does not give a part.
   *
   * @throws HubContradiction where the hub has another file there than it listed
   */
  async file(url: URL, { bytes, digest, from, withinMs }: WantedBytes): Promise<FileBytes> {
    const range: Range | undefined = from === 0 ? undefined : { from, digest };
    const answer = await this.#get(url, withinMs, range);
    for (const headers of [answer.headers, ...answer.before]) contradict(headers, { bytes, digest });
    if (answer.status !== 206) return { from: 0, body: answer.body };
    const expected = `bytes ${from}-${bytes - 1}/${bytes}`;
    const { 'content-range': found = 'none', 'content-encoding': encoding = 'identity' } = answer.headers;
    if (range !== undefined && found === expected && encoding === 'identity') {
      return { from, body: answer.body };
    }
    answer.stop();
    throw new HubContradiction(`a part of the file that was not asked for (${found.slice(0, 80)})`);
  }

  async #get(start: URL, totalMs: number, range?: Range): Promise<HubAnswer> {
    const watch = new TransferWatch(this.#patience.idleMs, totalMs);
    try {
      let url = start;
      let asked = range;
      const before: IncomingHttpHeaders[] = [];
      for (let redirects = 0; ; redirects++) {
        const message = await this.#send(url, watch, asked);
        const { statusCode: status = 0, headers } = message;
        if (status === 200 || (status === 206 && range !== undefined)) {
          const stop = (): void => {
            watch.close();
            message.destroy();
          };
          return { status, headers, before, stop, body: watch.pieces(decoded(message)) };
        }
        message.destroy();
        const { location } = headers;
        if (status < 300 || status > 399 || location === undefined) {
          throw new HubStatus(status, secondsOf(headers['retry-after']));
        }
        if (redirects === maxRedirects) throw new HubMisbehaved('redirects without end');
        if (this.#isOwn(url)) before.push(headers);
        url = redirectTarget(location, url);
        // The hub's own tag of a file is its hash; that of a content network is another.
        if (asked !== undefined) asked = { from: asked.from };
      }
    } catch (error) {
      watch.close();
      throw watch.fault ?? error;
    }
  }

  #isOwn(url: URL): boolean {
    return url.origin === this.#endpoint.origin;
  }

  #send(url: URL, watch: TransferWatch, range?: Range): Promise<IncomingMessage> {
    const get = url.protocol === 'https:' ? getHttps : getHttp;
    const headers = {
      Accept: '*/*',
      'Accept-Encoding': 'identity',
      'User-Agent': 'foldwise',
      ...(this.#token !== undefined && this.#isOwn(url) ? { Authorization: `Bearer ${this.#token}` } : {}),
      ...(range === undefined ? {} : { Range: `bytes=${range.from}-` }),
      ...(range?.digest === undefined ? {} : { 'If-Range': `"${range.digest}"` }),
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

/** @throws HubContradiction where the hub's own headers tell of another file than its list did */
function contradict(
  headers: IncomingHttpHeaders,
  { bytes, digest }: Pick<WantedBytes, 'bytes' | 'digest'>,
): void {
  const tag = [headers['x-linked-etag']].flat()[0]?.replace(/^(?:W\/)?"(.*)"$/, '$1');
  if (tag !== undefined && digest !== undefined && tag.length === digest.length && tag !== digest) {
    throw new HubContradiction('the file has another hash than the list of files says');
  }
  const size = [headers['x-linked-size']].flat()[0];
  if (size !== undefined && size !== String(bytes)) {
    throw new HubContradiction('the file has another size than the list of files says');
  }
}

/** A date in its place is not taken: it would have to be compared with a clock that may be wrong. */
function secondsOf(retryAfter: string | undefined): number | null {
  return /^\d{1,9}$/.test(retryAfter?.trim() ?? '') ? Number(retryAfter) : null;
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
