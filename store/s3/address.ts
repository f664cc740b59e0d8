import { InputFault } from '../../errors/fault.js';

/** Where in S3 a store is. */
export interface S3Address {
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
}

/** An object of any bucket, whoever wrote it. */
export interface S3Object {
  readonly bucket: string;
  readonly key: string;
}

const pattern = /^s3:\/\/([A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9])(?:\/(.*))?$/is;
const segment = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;
const mostCharacters = 512;
/** As S3 has it. */
const mostKeyBytes = 1024;

/** @throws InputFault where it is not `s3://bucket` or `s3://bucket/prefix` */
export function s3Address(text: string): S3Address {
  const [, bucket, rest = ''] = pattern.exec(text) ?? [];
  const prefix = rest.replace(/\/$/, '');
  const segments = prefix === '' ? [] : prefix.split('/');
  if (bucket === undefined || text.length > mostCharacters || !segments.every((part) => segment.test(part))) {
    throw new InputFault({
      where: 'the store',
      what: 'this is no place in S3',
      // Whoever puts a key into an address must not find it in a log.
      found: text.includes('@') ? 'an address with an @' : text,
      expected:
        's3://bucket or s3://bucket/prefix, the prefix of letters, digits, dots, hyphens and underscores',
      remedy: /^[a-z][a-z0-9+.-]*:|@/i.test(text)
        ? 'Keys belong into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the server into AWS_ENDPOINT_URL_S3.'
        : 'A store in a folder is that of a workdir: share the workdir, and name it with --workdir.',
    });
  }
  return { bucket, prefix: prefix === '' ? '' : `${prefix}/` };
}

/**
 * The object that `s3://bucket/key` names, the key as it stands there; null for what names none. Keys with
 * empty parts, `.` or `..` are none: some servers take them for other objects than S3 does.
 */
export function s3Object(text: string): S3Object | null {
  const [, bucket, key = ''] = pattern.exec(text) ?? [];
  return bucket === undefined || !isPlainKey(key) ? null : { bucket, key };
}

/** The same for all objects of a bucket, or those below a prefix; the key is empty, or one that is not at an end. */
export function s3Prefix(text: string): S3Object | null {
  const [, bucket, rest = ''] = pattern.exec(text) ?? [];
  const key = rest.replace(/\/$/, '');
  return bucket === undefined || !(key === '' || isPlainKey(key)) ? null : { bucket, key };
}

/** Whether an object is below a prefix: the one of its key, or one behind a slash. */
export function isBelow(object: S3Object, prefix: S3Object): boolean {
  if (object.bucket !== prefix.bucket) return false;
  return prefix.key === '' || object.key === prefix.key || object.key.startsWith(`${prefix.key}/`);
}

function isPlainKey(key: string): boolean {
  const parts = key.split('/');
  return (
    Buffer.byteLength(key) <= mostKeyBytes &&
    !/\p{Cc}/u.test(key) &&
    !parts.some((part) => part === '' || part === '.' || part === '..')
  );
}

/** As people write it. */
export function placeOf({ bucket, prefix }: S3Address): string {
  return `s3://${bucket}/${prefix}`.replace(/\/$/, '');
}

/** As people write it. */
export function uriOf({ bucket, key }: S3Object): string {
  return key === '' ? `s3://${bucket}` : `s3://${bucket}/${key}`;
}
