import { exposition, Gauge } from '../../telemetry/instruments.js';

/** A scrape may take no longer: Prometheus gives up after ten seconds by default. */
const patienceMs = 2_000;
/** Of what the SDK tells; more than some hundred kilobytes is not seen. */
const mostBytes = 16 << 20;

/** What the SDK tells of itself and of Temporal, as it says it; where it does not answer, that it does not. */
export async function scrapeSdk(address: string): Promise<string> {
  let text: string | null = null;
  try {
    const answer = await fetch(`http://${address}/metrics`, { signal: AbortSignal.timeout(patienceMs) });
    text = answer.ok ? await bounded(answer) : null;
  } catch {
    // Before the first connection to the server it has not begun.
  }
  return exposition([sdkMetricsUp(() => text !== null)]) + (text ?? '');
}

/** Told with every scrape, before what the SDK says. */
export function sdkMetricsUp(isUp: () => boolean): Gauge {
  return new Gauge('foldwise_sdk_metrics_up', '1 where the metrics of the SDK follow.', () => Number(isUp()));
}

async function bounded({ body }: Response): Promise<string | null> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  const stream: AsyncIterable<Uint8Array> | null = body;
  for await (const part of stream ?? []) {
    parts.push(part);
    bytes += part.length;
    if (bytes > mostBytes) return null;
  }
  return Buffer.concat(parts).toString('utf8');
}
