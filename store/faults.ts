import { EnvironmentFault, Fault } from '../errors/fault.js';
import { inWords, systemCode } from '../errors/system-codes.js';

/** An artifact that something refers to is not in the store. What made it has to run again. */
export class ArtifactMissing extends EnvironmentFault {}

/** An artifact's bytes are not those it is named after. It has been set aside, out of the store. */
export class ArtifactDamaged extends EnvironmentFault {}

/** The fold's checkpoints belong to another attempt by now: this one must stop and write nothing. */
export class LeaseLost extends EnvironmentFault {}

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
  const known = systemCode(code);
  return new EnvironmentFault(
    {
      where,
      what: `${doing} failed`,
      found: inWords(code),
      ...(known?.passes === true ? { remedy: `${known.remedy}; ${then}.` } : {}),
    },
    { cause: error },
  );
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
