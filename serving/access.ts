import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { Refusal } from './refusal.js';

export interface AccessOptions {
  /** What a request must bear; without it everybody is answered. */
  readonly token?: string;
  /** The origin whose pages may read answers; without it none. */
  readonly corsOrigin?: string;
}

/** Who may ask. */
export class Access {
  private readonly expected: Buffer | undefined;

  constructor(private readonly options: AccessOptions) {
    this.expected = options.token === undefined ? undefined : digest(options.token);
  }

  /** @throws Refusal for a request without the token, in a time that does not tell how much of it was right */
  require({ authorization = '' }: IncomingHttpHeaders): void {
    if (this.expected === undefined) return;
    const [, token = ''] = /^bearer +(\S+) *$/i.exec(authorization) ?? [];
    if (timingSafeEqual(digest(token), this.expected)) return;
    throw new Refusal(
      401,
      {
        where: 'header Authorization',
        what: authorization === '' ? 'there is no token' : 'the token is another one',
        expected: 'Bearer and the token of this server',
      },
      { headers: { 'WWW-Authenticate': 'Bearer' } },
    );
  }

  /** Lets the pages of the one origin read the answer. */
  allowOrigin({ origin }: IncomingHttpHeaders, response: ServerResponse): void {
    const { corsOrigin } = this.options;
    if (corsOrigin === undefined) return;
    response.setHeader('Vary', 'Origin');
    if (origin === corsOrigin) response.setHeader('Access-Control-Allow-Origin', corsOrigin);
  }

  /** Whether a browser asks what its page may send, and is answered here. */
  get answersBrowsers(): boolean {
    return this.options.corsOrigin !== undefined;
  }
}

/** Of one length, whatever the token's is. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** What a browser may send from the allowed origin. */
export const preflight = {
  'Access-Control-Allow-Methods': 'GET, POST',
  'Access-Control-Allow-Headers': 'Authorization, Content-Type',
  'Access-Control-Max-Age': '600',
} as const;
