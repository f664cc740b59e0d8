import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { quick, type S3Connection } from './client.js';
import { isAbsent } from './failures.js';
import type { UploadTarget } from './uploads.js';

/** What the server says of an object; null where there is none. */
export async function headOf(
  { sdk, client }: S3Connection,
  target: UploadTarget,
  signal: AbortSignal | undefined,
): Promise<HeadObjectCommandOutput | null> {
  try {
    return await client.send(new sdk.HeadObjectCommand(target), quick(signal));
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}
