import { EnvironmentFault, Fault } from '../errors/fault.js';

/** An artifact that something refers to is not in the store. What made it has to run again. */
export class ArtifactMissing extends EnvironmentFault {}

/** An artifact's bytes are not those it is named after. It has been set aside, out of the store. */
export class ArtifactDamaged extends EnvironmentFault {}

/** The fold's checkpoints belong to another attempt by now: this one must stop and write nothing. */
export class LeaseLost extends EnvironmentFault {}

const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'Free some space there',
  EDQUOT: 'Free some of the quota',
  EROFS: 'Make the file system writable',
  EACCES: 'Give this user access to it',
  EPERM: 'Give this user access to it',
};

/**
 * A failed call of the file system as a fault that is retried: a full disk may be emptied.
 *
 * @param then what comes of it once that is mended
 */
export function storageFault(
  error: unknown,
  where: string,
  doing: string,
  then = 'it goes on by itself then',
): unknown {
  const code = errorCode(error);
  if (error instanceof Fault || code === undefined) return error;
  const remedy = remedies[code];
  return new EnvironmentFault(
    {
      where,
      what: `${doing} failed`,
      found: code,
      ...(remedy === undefined ? {} : { remedy: `${remedy}; ${then}.` }),
    },
    { cause: error },
  );
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
