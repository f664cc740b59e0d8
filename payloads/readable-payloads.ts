import { defaultPayloadConverter, type Payload, type PayloadCodec } from '@temporalio/common';

const nothing = defaultPayloadConverter.toPayload(null);

/**
 * Puts null in place of what cannot be decoded. Anyone can send such a payload, and decoding it would
 * throw before any code of ours could ignore it: a signal would block its run for good, and the message
 * of an activity's failure would quote the payload.
 */
export const readablePayloads: PayloadCodec = {
  encode: (payloads) => Promise.resolve(payloads),
  decode: (payloads) => Promise.resolve(payloads.map((payload) => (isReadable(payload) ? payload : nothing))),
};

function isReadable(payload: Payload): boolean {
  try {
    defaultPayloadConverter.fromPayload(payload);
    return true;
  } catch {
    return false;
  }
}
