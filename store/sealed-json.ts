import { open } from 'node:fs/promises';
import { z } from 'zod';
import { sha256 } from './digest.js';
import { errorCode } from './faults.js';

/** Ours are a few kilobytes, of many epochs a megabyte; a larger file is none of ours. */
const mostBytes = 64 * 2 ** 20;

const envelope = z.object({ sha256: z.string(), body: z.string() });

/** JSON together with its hash, so that a file which was torn or damaged is noticed. */
export function sealed(value: unknown): string {
  const body = JSON.stringify(value);
  return JSON.stringify({ sha256: sha256(body), body });
}

/**
 * What a sealed file says; null where there is none, or one that is damaged or says something else.
 *
 * @throws the file system's own errors, for whoever knows what was being done
 */
export async function readSealed<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    const text = await readBounded(path);
    if (text === null) return null;
    const outer = envelope.safeParse(JSON.parse(text));
    if (!outer.success || sha256(outer.data.body) !== outer.data.sha256) return null;
    const inner = schema.safeParse(JSON.parse(outer.data.body));
    return inner.success ? inner.data : null;
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

async function readBounded(path: string): Promise<string | null> {
  const file = await open(path, 'r');
  try {
    const status = await file.stat();
    return status.isFile() && status.size <= mostBytes ? await file.readFile('utf8') : null;
  } finally {
    await file.close();
  }
}
