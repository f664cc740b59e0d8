import { Connection, type ConnectionOptions } from '@temporalio/client';
import { createServer } from 'node:net';

/** The namespace that the dev server makes by itself. */
export const namespace = 'default';

/** Where a server is asked, and as what. */
export interface Asked {
  readonly address: string;
  /** Default: the one that the dev server makes. */
  readonly namespace?: string;
  /** TLS, keys and the like. */
  readonly access?: Omit<ConnectionOptions, 'address'>;
}

/** Whether a server answers for its namespace, and where it is a dev server whether it is healthy. */
export async function answers(
  { address, namespace: asked, access = {} }: Asked,
  timeoutMs: number,
): Promise<boolean> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ ...access, address, connectTimeout: timeoutMs });
    const deadline = Date.now() + timeoutMs;
    if (asked === undefined)
      await connection.withDeadline(deadline, () => connection!.healthService.check({}));
    await connection.withDeadline(deadline, () =>
      connection!.workflowService.describeNamespace({ namespace: asked ?? namespace }),
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
