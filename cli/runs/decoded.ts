import type { Client } from '@temporalio/client';
import type { Payload, ProtoFailure } from '@temporalio/common';
import { InputFault } from '../../errors/fault.js';
import { keysFileVariable } from '../../payloads/encryption-keys.js';
import { unreadableReason } from '../../payloads/unreadable.js';

/**
 * What a client was answered, as it is.
 *
 * @throws InputFault where it could not be decrypted
 */
export function decryptedAnswer<T>(answer: T, where: string): T {
  const reason = unreadableReason(answer);
  if (reason === null) return answer;
  const remedy = `Set ${keysFileVariable} to the file of the keys that the workers have.`;
  throw new InputFault({ where, what: reason.words, ...(reason.elsewhere ? { remedy } : {}) });
}

/** What a payload holds that the server gave as it is: decoded as the client decodes all others. */
export async function decoded(client: Client, payload: Payload | null | undefined): Promise<unknown> {
  if (payload == null) return undefined;
  const { payloadCodecs, payloadConverter } = client.options.loadedDataConverter;
  let payloads = [payload];
  for (const codec of payloadCodecs.toReversed()) payloads = await codec.decode(payloads);
  return payloadConverter.fromPayload(payloads[0]!);
}

/** The message of a failure: where payloads are encrypted it is one of them. */
export async function messageOf(client: Client, failure: ProtoFailure): Promise<string | null> {
  const attributes = await decoded(client, failure.encodedAttributes);
  if (typeof attributes === 'object' && attributes !== null && 'message' in attributes)
    if (typeof attributes.message === 'string') return attributes.message;
  return failure.message ?? null;
}
