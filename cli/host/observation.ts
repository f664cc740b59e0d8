import { ProbeServer, type ProbeAddress } from '../../serving/probes.js';
import { freePort } from '../../infra/server/probe.js';
import { scrapeSdk } from '../../worker/metrics/sdk-metrics.js';
import { WorkerMetrics } from '../../worker/metrics/worker-metrics.js';
import { Readiness } from '../../worker/readiness.js';

/** What those who look after a command's workers are told. */
export interface Observation {
  readonly metrics: WorkerMetrics;
  readonly readiness: Readiness;
  /** Where the SDK answers with its own metrics, on this machine alone; null where nobody asks for any. */
  readonly sdkAddress: string | null;
  /** Where probes and scrapes go; null where there are none. */
  readonly url: string | null;
}

/** Does the work of a command while its health and metrics can be asked for at `address`, from its start to its end. */
export async function observed(
  address: ProbeAddress | undefined,
  work: (observation: Observation) => Promise<void>,
): Promise<void> {
  const readiness = new Readiness();
  const metrics = new WorkerMetrics(() => readiness.unready === null);
  if (address === undefined) return work({ metrics, readiness, sdkAddress: null, url: null });
  const sdkAddress = `127.0.0.1:${await freePort()}`;
  const server = await ProbeServer.listen(address, {
    unready: () => readiness.unready,
    metrics: async () => metrics.render() + (await scrapeSdk(sdkAddress)),
  });
  try {
    await work({ metrics, readiness, sdkAddress, url: server.url });
  } finally {
    readiness.end();
    await server.close();
  }
}
