import { EnvironmentFault, Fault, InputFault } from '../../errors/fault.js';
import { inWords } from '../../errors/system-codes.js';
import { errorCode } from '../faults.js';

/** What is read of an error of the SDK. Its message is not: it may quote what was signed, and with which key. */
interface Failure {
  readonly name: string;
  readonly status: number | null;
  readonly code: string | null;
  /** How often the call was made. */
  readonly attempts: number;
}

export function failureOf(error: unknown): Failure {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: unknown; attempts?: unknown } };
  const status = $metadata?.httpStatusCode;
  const attempts = $metadata?.attempts;
  return {
    name: error instanceof Error && /^\w{1,60}$/.test(error.name) ? error.name : 'Error',
    status: typeof status === 'number' ? status : null,
    code: errorCode(error) ?? null,
    attempts: typeof attempts === 'number' ? attempts : 1,
  };
}

/** There is no object of that name. Of a HEAD nothing says whether the bucket is there. */
export function isAbsent(error: unknown): boolean {
  const { name, status } = failureOf(error);
  return name === 'NoSuchKey' || (name === 'NotFound' && status === 404);
}

/**
 * A condition was not met: nothing was written. To If-Match on a name that nothing has, some servers answer
 * 412 and some 404.
 */
export function isUnmet(error: unknown): boolean {
  const { name, status } = failureOf(error);
  return status === 412 || name === 'PreconditionFailed' || name === 'NoSuchKey';
}

/** Another write of the name was under way: nothing was written, and it may be tried again. */
export function isConflict(error: unknown): boolean {
  const { name, status } = failureOf(error);
  return (
    name === 'ConditionalRequestConflict' ||
    name === 'OperationAborted' ||
    (status === 409 && name !== 'BucketAlreadyExists')
  );
}

/** The upload in parts has been completed, given up or forgotten, or its parts are no longer those sent. */
export function isUploadGone(error: unknown): boolean {
  return ['NoSuchUpload', 'InvalidPart', 'InvalidPartOrder'].includes(failureOf(error).name);
}

export function isRangeBeyond(error: unknown): boolean {
  const { name, status } = failureOf(error);
  return name === 'InvalidRange' || status === 416;
}

/** A failed call as a fault, which is retried: rights are given, servers come back. */
export function s3Fault(error: unknown, where: string, doing: string): unknown {
  if (error instanceof Fault || !(error instanceof Error)) return error;
  const { name, status, code } = failureOf(error);
  const known = byName[name];
  if (known !== undefined) return new EnvironmentFault({ where, ...known });
  if (name === 'TimeoutError') {
    return new EnvironmentFault({
      where,
      what: `${doing} failed: the server does not answer`,
      found: code === null ? 'nothing in time' : inWords(code),
      remedy: unreachable,
    });
  }
  if (status !== null) {
    return new EnvironmentFault({
      where,
      what: `${doing} failed`,
      found: `the answer ${status} ${name}`,
      ...(status >= 500 || status === 429
        ? { remedy: 'It is tried again; look at the server where it lasts.' }
        : {}),
      ...(status === 403 ? { remedy: rights } : {}),
    });
  }
  if (code !== null) {
    return new EnvironmentFault({
      where,
      what: `${doing} failed: the server is not reached`,
      found: inWords(code),
      remedy: unreachable,
    });
  }
  return error;
}

/**
 * A failed read of an object that somebody named, which may be anybody's: that it is not there or may not be
 * read is for a person to mend.
 */
export function foreignFault(error: unknown, where: string): unknown {
  if (error instanceof Fault || !(error instanceof Error)) return error;
  const { name, status } = failureOf(error);
  if (name === 'NoSuchBucket')
    return new InputFault({ where, what: 'there is no such bucket', remedy: correctAddress });
  if (isAbsent(error)) return absentObject(where);
  if (status === 412) return new EnvironmentFault({ where, what: 'it was replaced while it was being read' });
  if (name === 'AccessDenied' || (status === 403 && byName[name] === undefined))
    return new InputFault({
      where,
      what: 'these keys may not read it',
      found: `the answer ${status ?? ''} ${name}`,
      remedy:
        'Allow them s3:GetObject on the object, and s3:ListBucket on the bucket: else one that is not there looks the same.',
    });
  return s3Fault(error, where, 'reading it');
}

export function absentObject(where: string): InputFault {
  return new InputFault({ where, what: 'there is no such object', remedy: correctAddress });
}

const correctAddress = 'Correct its address, or AWS_ENDPOINT_URL_S3, which says on which server it is.';

const unreachable = 'Look at the network and at AWS_ENDPOINT_URL_S3; it goes on by itself then.';
const rights =
  'Allow these keys s3:GetObject, PutObject, DeleteObject, AbortMultipartUpload and ListMultipartUploadParts on the objects, s3:ListBucket and ListBucketMultipartUploads on the bucket.';
const keys = 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, or give the machine a role.';

const byName: Readonly<Record<string, { what: string; remedy: string }>> = {
  CredentialsProviderError: { what: 'there are no keys for it', remedy: keys },
  TokenProviderError: { what: 'there are no keys for it', remedy: keys },
  InvalidAccessKeyId: { what: 'the server does not know these keys', remedy: keys },
  // As versitygw says the same.
  XAdminUserNotFound: { what: 'the server does not know these keys', remedy: keys },
  SignatureDoesNotMatch: { what: 'the server does not take these keys', remedy: keys },
  ExpiredToken: { what: 'the keys have expired', remedy: keys },
  NoSuchBucket: { what: 'there is no such bucket', remedy: 'Make it, or name another one with --store.' },
  AccessDenied: { what: 'these keys may not do this', remedy: rights },
  PermanentRedirect: { what: 'the bucket is in another region', remedy: 'Set AWS_REGION to it.' },
  RequestTimeTooSkewed: { what: 'the clock of this machine is too far off', remedy: 'Set it right.' },
};
