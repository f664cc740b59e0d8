import { resolve } from 'node:path';
import { InputFault } from '../errors/fault.js';
import { namesUser, schemeOf } from '../pipeline/location.js';
import { s3Object, uriOf, type S3Object } from '../store/s3/address.js';
import { storedTable, uriOfTable, type StoredTable } from '../store/stored-tables.js';
import { localPathOf } from './roots.js';

/** Where a table lies. */
export type TableLocation =
  /** An absolute path of this machine. */
  | { readonly kind: 'file'; readonly path: string }
  /** In any bucket. */
  | ({ readonly kind: 's3' } & S3Object)
  /** Put into the store of the runs, for them to read. */
  | ({ readonly kind: 'store' } & StoredTable);

/** @throws InputFault for what names no table; what may be a password is not quoted */
export function tableLocation(location: string, where: string): TableLocation {
  if (namesUser(location)) throw withUser(where);
  switch (schemeOf(location)) {
    case 's3': {
      const object = s3Object(location);
      if (object === null) throw noObject(location, where);
      return { kind: 's3', ...object };
    }
    case 'store': {
      const table = storedTable(location);
      if (table === null) throw noStoredTable(location, where);
      return { kind: 'store', ...table };
    }
    default:
      return { kind: 'file', path: resolve(localPathOf(location, where)) };
  }
}

/** The location in the one form that it has, as results and messages say it. */
export function locationText(location: TableLocation): string {
  switch (location.kind) {
    case 'file':
      return location.path;
    case 's3':
      return uriOf(location);
    case 'store':
      return uriOfTable(location);
  }
}

function withUser(where: string): InputFault {
  return new InputFault({
    where,
    what: 'an address with a user or a password in it is not read',
    expected: 's3://bucket/key',
    remedy: 'Keys belong into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or into a profile.',
  });
}

function noObject(found: string, where: string): InputFault {
  return new InputFault({
    where,
    what: 'this names no object in S3',
    found,
    expected: 's3://bucket/key, the key without empty parts, . or .. in it',
  });
}

function noStoredTable(found: string, where: string): InputFault {
  return new InputFault({
    where,
    what: 'this names no table of the store',
    found,
    expected: 'store:tables/<SHA-256>/<file>',
    remedy: '`foldwise store put FILE` puts a table there and prints its address.',
  });
}
