import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { Refusal } from './refusal.js';

export interface AccessOptions {
  /** What a request must bear; without it everybody is answered. */
  readonly token?: string;
  /** The origins whose pages may read answers; without any none. */
  readonly corsOrigins?: readonly string[];
  /** Headers that such a page may send; by default those that an ensemble is asked with. */
  readonly corsHeaders?: string;
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
    if (this.isToken(token)) return;
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

  /** Lets the pages of the allowed origins read the answer. */
  allowOrigin({ origin }: IncomingHttpHeaders, response: ServerResponse): void {
    if (!this.answersBrowsers) return;
    response.setHeader('Vary', 'Origin');
    if (origin !== undefined && this.allows(origin))
      response.setHeader('Access-Control-Allow-Origin', origin);
  }

  allows(origin: string): boolean {
    return this.options.corsOrigins?.includes(origin) === true;
  }

  /** Whether a browser asks what its page may send, and is answered here. */
  get answersBrowsers(): boolean {
    return (this.options.corsOrigins ?? []).length > 0;
  }

  /** What a browser may send from the allowed origins. */
  get preflight(): Readonly<Record<string, string>> {
    return {
      'Access-Control-Allow-Methods': 'GET, POST',
      'Access-Control-Allow-Headers': this.options.corsHeaders ?? 'Authorization, Content-Type',
      'Access-Control-Max-Age': '600',
    };
  }

  /** Whether a text is the token, compared in a time that does not tell how much of it was right. */
  isToken(text: string): boolean {
    return this.expected !== undefined && timingSafeEqual(digest(text), this.expected);
  }
}

/** Of one length, whatever the token's is. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
