import { obtainGoProgram, type GoModule } from '../../infra/go-module.js';
import { versitygw } from '../s3/executables.js';
import { findFaketime } from './clock.js';
import { findPostgres } from './postgres.js';
import { temporalServer, temporalSqlTool } from './temporal.js';

/** The programs that a cluster is made of. */
export interface Parts {
  /** The folder with PostgreSQL's programs. */
  readonly postgres: string;
  readonly temporal: { readonly server: string; readonly sqlTool: string };
  readonly objectServer: string;
  /** libfaketime; null where it is not installed: no clock is set then. */
  readonly faketime: string | null;
}

/** What has to be built before a cluster can be. */
export const builtParts: readonly GoModule[] = [temporalServer, temporalSqlTool, versitygw];

/** Finds what is there and builds the rest; null, and the reason told, where something cannot be had. */
export async function obtainParts(onMessage: (message: string) => void): Promise<Parts | null> {
  const postgres = findPostgres();
  if (postgres === null) {
    onMessage('Skipped: PostgreSQL is not installed (Debian: postgresql).');
    return null;
  }
  try {
    const build = (module: GoModule): Promise<string> => obtainGoProgram(module, onMessage);
    const temporal = { server: await build(temporalServer), sqlTool: await build(temporalSqlTool) };
    const objectServer = await build(versitygw);
    const faketime = findFaketime();
    if (faketime === null) onMessage('No clock is set: libfaketime is not installed (Debian: faketime).');
    return { postgres, temporal, objectServer, faketime };
  } catch (error) {
    onMessage(`Skipped: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}
