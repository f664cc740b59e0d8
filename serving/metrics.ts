import { Counter, exposition, Gauge, Histogram, residentMemory } from '../telemetry/instruments.js';

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const texts = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** What is read when somebody asks. */
export interface Gauges {
  readonly waiting: () => number;
  readonly connections: () => number;
  readonly ready: () => boolean;
}

/** What a server counts. */
export class ServingMetrics {
  readonly requests = new Counter('foldwise_requests_total', 'Requests by endpoint and status.', {
    labels: ['endpoint', 'status'],
  });
  readonly requestSeconds = new Histogram(
    'foldwise_request_seconds',
    'Seconds from the head of a request for predictions to its answer.',
    seconds,
  );
  readonly texts = new Counter('foldwise_texts_total', 'Texts that were scored.');
  readonly dropped = new Counter('foldwise_dropped_texts_total', 'Texts whose client left before.');
  readonly batchTexts = new Histogram('foldwise_batch_texts', 'Texts of a batch.', texts);
  readonly batchSeconds = new Histogram(
    'foldwise_batch_seconds',
    'Seconds that a batch was scored.',
    seconds,
  );
  readonly faults = new Counter('foldwise_batch_faults_total', 'Batches that could not be scored.');
  private readonly gauges: readonly Gauge[];

  constructor({ waiting, connections, ready }: Gauges) {
    this.gauges = [
      new Gauge('foldwise_queue_texts', 'Texts that wait.', waiting),
      new Gauge('foldwise_connections', 'Open connections.', connections),
      new Gauge('foldwise_ready', '1 where requests are taken.', () => Number(ready())),
      residentMemory(),
    ];
  }

  render(): string {
    const { requests, requestSeconds, texts, dropped, batchTexts, batchSeconds, faults, gauges } = this;
    const counted = [requests, requestSeconds, texts, dropped, batchTexts, batchSeconds, faults];
    return exposition([...counted, ...gauges]);
  }
}
