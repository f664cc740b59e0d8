import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import {
  HeaderFault,
  HeaderObject,
  parseStrictJson,
  type HeaderFaultKind,
  type HeaderValue,
} from '../engine/checkpoint/strict-json.js';
import type { ServingLimits } from './limits.js';
import { overloaded, Refusal, requestBody, unavailable } from './refusal.js';

/** Reads bodies of requests: JSON in UTF-8, bounded each and all together. */
export class Bodies {
  private held = 0;

  /** @param smaller what to do where one is too large */
  constructor(
    private readonly limits: Pick<ServingLimits, 'bodyBytes' | 'bodiesBytes'>,
    private readonly smaller = 'Send the texts in several requests.',
  ) {}

  /**
   * @param begin called once it is clear that the body is wanted
   * @throws Refusal
   */
  async read(request: IncomingMessage, begin: () => void): Promise<HeaderObject> {
    requireJson(request);
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > this.limits.bodyBytes) throw this.tooLarge();
    begin();
    return parse(await this.collect(request));
  }

  /** By its events: an iterator that is left would end the connection, and the answer with it. */
  private collect(request: IncomingMessage): Promise<Buffer> {
    const { bodyBytes, bodiesBytes } = this.limits;
    const chunks: Buffer[] = [];
    let bytes = 0;
    return new Promise<Buffer>((resolve, reject) => {
      const take = (chunk: Buffer): void => {
        bytes += chunk.length;
        this.held += chunk.length;
        chunks.push(chunk);
        if (bytes > bodyBytes) reject(this.tooLarge());
        else if (this.held > bodiesBytes)
          reject(
            overloaded('too many bodies are read at once', `${this.held} bytes`, `at most ${bodiesBytes}`),
          );
        else return;
        request.off('data', take).pause();
      };
      request
        .on('data', take)
        .once('end', () => resolve(Buffer.concat(chunks, bytes)))
        .once('error', reject)
        .once('close', () => reject(unavailable('the request was given up')));
    }).finally(() => (this.held -= bytes));
  }

  private tooLarge(): Refusal {
    return new Refusal(413, {
      where: requestBody,
      what: 'it is too large',
      expected: `at most ${this.limits.bodyBytes} bytes`,
      remedy: this.smaller,
    });
  }
}

function requireJson({ headers }: IncomingMessage): void {
  const refuse = (where: string, found: string, expected: string): Refusal =>
    new Refusal(415, { where, what: 'the body cannot be read as it is', found, expected });
  const [type = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';');
  const plain = parameters.every((parameter) => /^\s*charset="?utf-8"?\s*$/.test(parameter));
  if (type.trim() !== 'application/json' || !plain)
    throw refuse('header Content-Type', type === '' ? 'none' : 'another type', 'application/json, in UTF-8');
  const { 'content-encoding': encoding = 'identity' } = headers;
  if (encoding !== 'identity') throw refuse('header Content-Encoding', 'an encoding', 'none');
}

const meanings: Readonly<Record<HeaderFaultKind, string>> = {
  syntax: 'it is not valid JSON',
  number: 'it has a number that is too large',
  duplicate: 'an object has a name twice',
  depth: 'the JSON is nested too deeply',
};

function parse(bytes: Buffer): HeaderObject {
  if (!isUtf8(bytes)) throw invalid('it is not UTF-8');
  try {
    const value: HeaderValue = parseStrictJson(bytes.toString('utf8'), 'json');
    if (value instanceof HeaderObject) return value;
  } catch (fault) {
    if (fault instanceof HeaderFault) throw invalid(meanings[fault.kind]);
    throw fault;
  }
  throw invalid('it is not a JSON object');
}

function invalid(what: string): Refusal {
  return new Refusal(400, { where: requestBody, what, expected: 'a JSON object in UTF-8' });
}
