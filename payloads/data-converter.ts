import type { DataConverter } from '@temporalio/common';
import { fileURLToPath } from 'node:url';
import type { EncryptionKeys } from './encryption-keys.js';
import { encryptedPayloads } from './encrypted-payloads.js';
import { readablePayloads } from './readable-payloads.js';

/** For the messages and stacks of failures, where there are keys. */
export const failureConverterPath = fileURLToPath(new URL('./encoded-failures.cjs', import.meta.url));

/**
 * How everything of ours that talks to Temporal writes and reads payloads: every client, worker and codec server.
 *
 * @param keys null writes them in the clear
 */
export function dataConverterOf(keys: EncryptionKeys | null): DataConverter {
  return {
    payloadCodecs: [readablePayloads, encryptedPayloads(keys)],
    ...(keys === null ? {} : { failureConverterPath }),
  };
}
