import { Connection } from '@temporalio/client';
import { createServer } from 'node:net';

/** The namespace that the dev server makes by itself. */
export const namespace = 'default';

/** Whether a server at that address is healthy and has made its namespace. */
export async function answers(address: string, timeoutMs: number): Promise<boolean> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ address, connectTimeout: timeoutMs });
    const deadline = Date.now() + timeoutMs;
    const serving = connection.withDeadline(deadline, () => connection!.healthService.check({}));
    await serving;
    await connection.withDeadline(deadline, () =>
      connection!.workflowService.describeNamespace({ namespace }),
    );
    return true;
  } catch {
    return false;
  } finally {
    await connection?.close();
  }
}

/** A port of this machine that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
