import type { Payload } from '@temporalio/common';
import { HeaderObject, type HeaderValue } from '../../engine/checkpoint/strict-json.js';
import { Refusal, requestBody } from '../refusal.js';

/** Temporal's `Payloads` as JSON of protobuf: `{"payloads": [{"metadata": {name: base64}, "data": base64}]}`. */

const form = '{"payloads": [{"metadata": {<name>: <base64>}, "data": <base64>}, …]}';
/** More than any event of a history has. */
const mostPayloads = 10_000;

/** @throws Refusal naming the place of what does not fit, and nothing of it */
export function readPayloads(body: HeaderObject): Payload[] {
  const payloads = body.entries.get('payloads');
  if (!Array.isArray(payloads)) throw unfit('payloads', 'a list');
  if (payloads.length > mostPayloads) throw unfit('payloads', `at most ${mostPayloads}`);
  return payloads.map((value, place) => payloadOf(value, `payloads[${place}]`));
}

export function payloadsJson(payloads: readonly Payload[]): unknown {
  return {
    payloads: payloads.map(({ metadata, data }) => ({
      metadata: Object.fromEntries(
        Object.entries(metadata ?? {}).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]),
      ),
      data: Buffer.from(data ?? []).toString('base64'),
    })),
  };
}

/** Fields that are absent or null have protobuf's default; of others nothing is known, and they are dropped. */
function payloadOf(value: HeaderValue, where: string): Payload {
  if (!(value instanceof HeaderObject)) throw unfit(where, 'an object');
  const metadata = value.entries.get('metadata') ?? null;
  if (metadata !== null && !(metadata instanceof HeaderObject)) throw unfit(`${where}.metadata`, 'an object');
  const entries = [...(metadata?.entries ?? [])].map(([name, bytes]): [string, Uint8Array] => [
    name,
    bytesOf(bytes, `${where}.metadata`),
  ]);
  return {
    metadata: Object.fromEntries(entries),
    data: bytesOf(value.entries.get('data') ?? null, `${where}.data`),
  };
}

/** Base64 as protobuf's JSON has it: of either alphabet, padded or not. */
function bytesOf(value: HeaderValue, where: string): Uint8Array {
  if (value === null) return new Uint8Array();
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) throw unfit(where, 'base64');
  return Buffer.from(value, 'base64');
}

function unfit(where: string, expected: string): Refusal {
  return new Refusal(400, {
    where: `${requestBody}: ${where}`,
    what: 'it is not what it must be',
    expected,
    remedy: `It is ${form}.`,
  });
}
