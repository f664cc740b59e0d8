import type * as s3 from '@aws-sdk/client-s3';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { InputFault } from '../../errors/fault.js';

export type Sdk = typeof s3;

export interface S3Connection {
  readonly sdk: Sdk;
  readonly client: S3Client;
}

/** Answers to small requests take no longer, or are asked for again. */
const answerMs = 10_000;

/** A connection on which nothing moves for so long is given up. Some servers join parts silently. */
const silentMs = 60_000;
const connectMs = 5_000;

/** With the pauses of the SDK between them, which grow and are drawn at random, some three seconds. */
const attempts = 8;

/**
 * A client by the settings that the SDK reads: the `AWS_*` variables, profiles and roles. The SDK is loaded
 * here and nowhere else, for those who work with S3.
 *
 * @throws InputFault where nothing says which region it is
 */
export async function connectS3(place: string, settings: S3ClientConfig = {}): Promise<S3Connection> {
  silenceVersionWarning();
  const sdk = await import('@aws-sdk/client-s3');
  const endpoint = settings.endpoint ?? configuredEndpoint();
  const config: S3ClientConfig = {
    forcePathStyle: pathStyle(endpoint !== undefined),
    // All that is read has a hash of ours, by which a damaged object is told from a server that fails.
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(process.env['AWS_MAX_ATTEMPTS'] ? {} : { maxAttempts: attempts }),
    requestHandler: {
      connectionTimeout: connectMs,
      socketTimeout: silentMs,
      throwOnRequestTimeout: true,
    },
    ...settings,
  };
  const client = new sdk.S3Client(config);
  try {
    await client.config.region();
    return { sdk, client: goingOnAfterJumps(client) };
  } catch {
    client.destroy();
  }
  // Other servers than Amazon's take any.
  if (endpoint !== undefined) {
    return { sdk, client: goingOnAfterJumps(new sdk.S3Client({ ...config, region: 'us-east-1' })) };
  }
  throw new InputFault({
    where: place,
    what: 'nothing says in which region the bucket is',
    remedy: "Set AWS_REGION, or AWS_ENDPOINT_URL_S3 for another server than Amazon's.",
  });
}

/**
 * The SDK learns from a refused call how far off this machine's clock is, and makes it again where that is
 * far. After a jump back to the right time it learns that, too, but gives up the call.
 */
function goingOnAfterJumps(client: S3Client): S3Client {
  client.middlewareStack.add(
    (next) => async (call) => {
      try {
        return await next(call);
      } catch (error) {
        if (error instanceof Error && error.name === 'RequestTimeTooSkewed') return next(call);
        throw error;
      }
    },
    { step: 'initialize', name: 'againAfterJump' },
  );
  return client;
}

function configuredEndpoint(): string | undefined {
  return process.env['AWS_ENDPOINT_URL_S3'] || process.env['AWS_ENDPOINT_URL'] || undefined;
}

/** Whether the bucket is named in the path or in the host: other servers than Amazon's mostly have one host. */
function pathStyle(ownServer: boolean): boolean {
  const set = process.env['FOLDWISE_S3_PATH_STYLE'];
  if (set === undefined || set === '') return ownServer;
  if (set === 'true' || set === 'false') return set === 'true';
  throw new InputFault({
    where: 'FOLDWISE_S3_PATH_STYLE',
    what: 'the value is neither true nor false',
    remedy: 'Set it to true where the bucket stands in the path of the address, to false where in the host.',
  });
}

/** The SDK is pinned; that a later one will want another Node.js is nothing that a user can act upon. */
function silenceVersionWarning(): void {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
}

/** Of a small request, which is answered soon. */
export function quick(signal?: AbortSignal): { requestTimeout: number; abortSignal?: AbortSignal } {
  return { requestTimeout: answerMs, ...(signal === undefined ? {} : { abortSignal: signal }) };
}
