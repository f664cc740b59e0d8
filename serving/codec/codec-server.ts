import type { PayloadCodec } from '@temporalio/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Access } from '../access.js';
import { json, refusalAnswer, send, type Answer } from '../answer.js';
import { Bodies } from '../body.js';
import { defaultLimits, type ServingLimits } from '../limits.js';
import { Listener, type ServerCertificate } from '../listener.js';
import { internal, Refusal } from '../refusal.js';
import { payloadsJson, readPayloads } from './payloads-json.js';

export interface CodecServerOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly codec: PayloadCodec;
  /** What a request must bear; without it everybody is answered. */
  readonly token?: string;
  /** The origins of Web UIs. */
  readonly origins?: readonly string[];
  readonly certificate?: ServerCertificate;
  readonly limits?: Partial<ServingLimits>;
  /** Told each answer; nothing of what it was about. */
  readonly onRequest?: (entry: CodecRequestEntry) => void;
  /** Told what was not foreseen; it goes into the log alone. */
  readonly onFault?: (fault: unknown) => void;
}

export interface CodecRequestEntry {
  readonly endpoint: 'encode' | 'decode' | 'health' | 'other';
  readonly method: string;
  readonly status: number;
  readonly payloads: number;
}

/** A history has messages of 2 MB, and base64 makes a third more of each. */
const codecLimits: ServingLimits = { ...defaultLimits, bodyBytes: 32 << 20, bodiesBytes: 128 << 20 };

/** What the Web UI sends beside what every request has. */
const corsHeaders = 'Authorization, Content-Type, X-Namespace';

/**
 * Encrypts and decrypts payloads for the Web UI and for the `temporal` command: Temporal's codec server. It is asked at
 * /encode and /decode, wherever these stand in a path; the first part of a path may be the token, for a Web UI that
 * sends none.
 */
export class CodecServer {
  private readonly access: Access;
  private readonly bodies: Bodies;
  private readonly listener: Listener;
  private open = 0;
  private ending = false;

  private constructor(private readonly options: CodecServerOptions) {
    const { token, origins, certificate } = options;
    const limits = { ...codecLimits, ...options.limits };
    this.access = new Access({
      corsHeaders,
      ...(token === undefined ? {} : { token }),
      ...(origins === undefined ? {} : { corsOrigins: origins }),
    });
    this.bodies = new Bodies(limits, 'Send the payloads in several requests.');
    this.listener = new Listener({
      limits,
      ...(certificate === undefined ? {} : { certificate }),
      answer: (request, response) => void this.handle(request, response),
      open: () => this.open,
      keeps: () => !this.ending,
    });
  }

  /** @throws the operating system's error where nothing can listen there */
  static async listen(options: CodecServerOptions): Promise<CodecServer> {
    const server = new CodecServer(options);
    await server.listener.listen(options.host, options.port);
    return server;
  }

  get url(): string {
    return this.listener.url;
  }

  /** Answers what was asked, and ends. @returns how many requests were not answered in the time */
  stop(patienceMs: number): Promise<number> {
    this.ending = true;
    return this.listener.stop(patienceMs);
  }

  /** Never rejects. */
  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { onRequest = () => undefined, onFault = () => undefined } = this.options;
    const asked = askedOf(request);
    const counted = { payloads: 0 };
    response.on('error', () => undefined);
    this.open += 1;
    try {
      const answer = await this.answer(asked, request, response, counted).catch((fault: unknown) => {
        if (fault instanceof Refusal) return refusalAnswer(fault);
        onFault(fault);
        return refusalAnswer(internal(fault, 'the payloads could not be converted'));
      });
      onRequest({
        endpoint: asked.endpoint,
        method: request.method ?? '',
        status: answer.status,
        ...counted,
      });
      await send(request, response, answer);
    } catch (fault) {
      onFault(fault);
      response.destroy();
    } finally {
      this.open -= 1;
    }
  }

  private async answer(
    { endpoint, first }: Asked,
    request: IncomingMessage,
    response: ServerResponse,
    counted: { payloads: number },
  ): Promise<Answer> {
    const { headers, method = '' } = request;
    this.access.allowOrigin(headers, response);
    if (endpoint === 'other') throw unknownPath();
    if (endpoint === 'health') {
      if (method !== 'GET' && method !== 'HEAD') throw wrongMethod('GET, HEAD');
      return json({ status: 'alive' });
    }
    if (method === 'OPTIONS' && this.access.answersBrowsers)
      return { status: 204, type: 'text/plain', body: '', headers: this.access.preflight };
    if (method !== 'POST') throw wrongMethod('POST');
    this.requireOrigin(headers.origin);
    if (!this.access.isToken(first)) this.access.require(headers);
    const body = await this.bodies.read(request, () => {
      if (headers.expect !== undefined) response.writeContinue();
    });
    const payloads = readPayloads(body);
    counted.payloads = payloads.length;
    return json(payloadsJson(await this.options.codec[endpoint](payloads)));
  }

  /** A page that reaches this server by a name of its own needs nobody's leave to read answers: so it gets none. */
  private requireOrigin(origin: string | undefined): void {
    if (origin === undefined || this.access.allows(origin)) return;
    throw new Refusal(403, {
      where: 'header Origin',
      what: 'pages of that origin are not answered',
      expected: 'an origin that the server was started with',
    });
  }
}

interface Asked {
  readonly endpoint: CodecRequestEntry['endpoint'];
  /** Of the path. */
  readonly first: string;
}

function askedOf({ url = '/' }: IncomingMessage): Asked {
  const parts = url.split('?', 1)[0]!.split('/').slice(1);
  const last = parts.at(-1);
  const first = parts[0] ?? '';
  if (last === 'encode' || last === 'decode') return { endpoint: last, first };
  return { endpoint: parts.length === 1 && last === 'health' ? 'health' : 'other', first };
}

function unknownPath(): Refusal {
  return new Refusal(404, {
    where: 'the path of the request',
    what: 'there is nothing here',
    expected: '/encode, /decode or /health',
  });
}

function wrongMethod(allowed: string): Refusal {
  const details = { where: 'the method of the request', what: 'it is another one', expected: allowed };
  return new Refusal(405, details, { headers: { Allow: allowed } });
}
