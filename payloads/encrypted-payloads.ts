import {
  defaultPayloadConverter,
  type ActivitySerializationContext,
  type Payload,
  type PayloadCodec,
} from '@temporalio/common';
import proto from '@temporalio/proto';
import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto';
import { EnvironmentFault } from '../errors/fault.js';
import { isKeyId, type EncryptionKeys } from './encryption-keys.js';
import { unreadable, unreadableWords } from './unreadable.js';

/*
 * An encrypted payload has the metadata `encoding` (binary/encrypted, as others call theirs, too), `encryption-cipher`
 * and `encryption-key-id`, and as its data a nonce of 12 bytes, the ciphertext and a tag of 16 bytes. What is encrypted
 * is the whole payload, its own metadata included, as protobuf. The three names are authenticated with it.
 */
const encoding = 'binary/encrypted';
const cipher = 'AES-256-GCM';
const names = { encoding: 'encoding', cipher: 'encryption-cipher', key: 'encryption-key-id' } as const;

const algorithm = 'aes-256-gcm';
/** At random for each payload, as NIST SP 800-38D allows for 2^32 payloads of one key. */
const nonceBytes = 12;
const tagBytes = 16;

const message = proto.temporal.api.common.v1.Payload;

/**
 * Encrypts with the current key of those given, and decrypts with any. What is not encrypted is left as it is, so that
 * older histories are read. What cannot be decrypted becomes an `Unreadable`: anybody can send it, and throwing would
 * block the run that it was sent to. Only what an activity is given or gives throws where the key is not here: then the
 * task is tried again, by whoever has it.
 *
 * @param keys null encrypts nothing
 */
export function encryptedPayloads(keys: EncryptionKeys | null): PayloadCodec {
  return {
    encode: (payloads) =>
      Promise.resolve(keys === null ? payloads : payloads.map((payload) => encrypted(payload, keys))),
    decode: (payloads, context) =>
      settled(() =>
        payloads.map((payload) => {
          if (!isEncrypted(payload)) return payload;
          const opened = decrypted(payload, keys);
          if (!('because' in opened)) return opened;
          if (context?.type === 'activity' && opened.because === 'key') throw missingKey(context, opened.key);
          return defaultPayloadConverter.toPayload(unreadable(opened.because, opened.key));
        }),
      ),
  };
}

/** As a promise, whether it returns or throws. */
function settled<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}

function missingKey({ activityId = '' }: ActivitySerializationContext, key: string): EnvironmentFault {
  return new EnvironmentFault({
    where: `what the activity ${activityId} was given or gave`,
    what: unreadableWords('key', key),
    remedy: 'Add the key to the keys of this worker, or leave the task to a worker that has it.',
  });
}

function isEncrypted(payload: Payload): boolean {
  return textOf(payload, names.encoding) === encoding;
}

/** The name of the key that a payload is encrypted with; null for one that is not, or in another format. */
export function keyIdOf(payload: Payload): string | null {
  const key = textOf(payload, names.key);
  return isEncrypted(payload) && textOf(payload, names.cipher) === cipher && isKeyId(key) ? key : null;
}

function encrypted(payload: Payload, { current, byId }: EncryptionKeys): Payload {
  const nonce = randomBytes(nonceBytes);
  const seal = createCipheriv(algorithm, byId.get(current)!, nonce, { authTagLength: tagBytes });
  seal.setAAD(bound(current));
  const whole = message.encode(payload).finish();
  const data = Buffer.concat([nonce, seal.update(whole), seal.final(), seal.getAuthTag()]);
  const metadata = { [names.encoding]: encoding, [names.cipher]: cipher, [names.key]: current };
  return {
    metadata: Object.fromEntries(Object.entries(metadata).map(([name, text]) => [name, bytesOf(text)])),
    data,
  };
}

interface Undecrypted {
  readonly because: 'key' | 'damaged' | 'format';
  readonly key: string;
}

function decrypted(payload: Payload, keys: EncryptionKeys | null): Payload | Undecrypted {
  const id = keyIdOf(payload);
  if (id === null) return { because: 'format', key: '' };
  const key = keys?.byId.get(id);
  if (key === undefined) return { because: 'key', key: id };
  return opened(Buffer.from(payload.data ?? []), key, id) ?? { because: 'damaged', key: id };
}

/** Null for what the key did not encrypt so. */
function opened(data: Buffer, key: KeyObject, id: string): Payload | null {
  if (data.length < nonceBytes + tagBytes) return null;
  const open = createDecipheriv(algorithm, key, data.subarray(0, nonceBytes), { authTagLength: tagBytes });
  open.setAAD(bound(id));
  open.setAuthTag(data.subarray(-tagBytes));
  try {
    const whole = Buffer.concat([open.update(data.subarray(nonceBytes, -tagBytes)), open.final()]);
    const { metadata, data: content } = message.decode(whole);
    return { metadata, data: content };
  } catch {
    return null;
  }
}

/** What is authenticated with the ciphertext: it decrypts under no other name and in no other format. */
function bound(id: string): Buffer {
  return bytesOf([encoding, cipher, id].join('\n'));
}

function textOf({ metadata }: Payload, name: string): string {
  const value = metadata?.[name];
  return value == null ? '' : Buffer.from(value).toString('utf8');
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}
