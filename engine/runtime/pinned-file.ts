import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import type { FaultDetails } from '../../errors/fault.js';
import { RuntimeFault } from './fault.js';

const chunkBytes = 1 << 20;

/**
 * @param remedy what gets the published file
 * @throws RuntimeFault unless a library is there, with the bytes that are pinned
 */
export function verifyLibrary(file: string, sha256: string, remedy: string): void {
  const found = digestOf(file);
  if (found === sha256) return;
  const details: Omit<FaultDetails, 'where'> =
    found === null
      ? { what: 'the ONNX Runtime library is missing' }
      : {
          what: 'the ONNX Runtime library is not the published one',
          found: `SHA-256 ${found}`,
          expected: sha256,
        };
  throw new RuntimeFault({ where: file, ...details, remedy });
}

/** In pieces: a provider has hundreds of megabytes. Null where no file can be read. */
function digestOf(file: string): string | null {
  let descriptor;
  try {
    descriptor = openSync(file, 'r');
    const hash = createHash('sha256');
    const chunk = new Uint8Array(chunkBytes);
    for (let bytes; (bytes = readSync(descriptor, chunk)) > 0;) hash.update(chunk.subarray(0, bytes));
    return hash.digest('hex');
  } catch {
    return null;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
