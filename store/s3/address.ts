import { InputFault } from '../../errors/fault.js';

/** Where in S3 a store is. */
export interface S3Address {
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
}

const pattern = /^s3:\/\/([A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9])(?:\/(.*))?$/;
const segment = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;
const mostCharacters = 512;

/** Whether a store that somebody names is meant to be in S3. */
export function isInS3(place: string): boolean {
  return /^s3:/i.test(place);
}

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
      remedy:
        'Keys belong into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the server into AWS_ENDPOINT_URL_S3.',
    });
  }
  return { bucket, prefix: prefix === '' ? '' : `${prefix}/` };
}

/** As people write it. */
export function placeOf({ bucket, prefix }: S3Address): string {
  return `s3://${bucket}/${prefix}`.replace(/\/$/, '');
}
