/** Labels of a sample, by name. */
type Labels = Readonly<Record<string, string>>;

/** Lines of one metric in the text format of Prometheus, version 0.0.4. */
interface Metric {
  lines(): Iterable<string>;
}

class Counter implements Metric {
  private readonly values = new Map<string, number>();

  constructor(
    private readonly name: string,
    private readonly help: string,
  ) {}

  add(count = 1, labels: Labels = {}): void {
    const key = rendered(labels);
    this.values.set(key, (this.values.get(key) ?? 0) + count);
  }

  *lines(): Iterable<string> {
    yield* head(this.name, this.help, 'counter');
    for (const [labels, value] of this.values) yield `${this.name}${labels} ${value}`;
  }
}

class Gauge implements Metric {
  constructor(
    private readonly name: string,
    private readonly help: string,
    private readonly read: () => number,
  ) {}

  *lines(): Iterable<string> {
    yield* head(this.name, this.help, 'gauge');
    yield `${this.name} ${this.read()}`;
  }
}

class Histogram implements Metric {
  private readonly counts: number[];
  private sum = 0;
  private count = 0;

  constructor(
    private readonly name: string,
    private readonly help: string,
    /** Ascending. */
    private readonly bounds: readonly number[],
  ) {
    this.counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    const place = this.bounds.findIndex((bound) => value <= bound);
    if (place >= 0) this.counts[place] = (this.counts[place] ?? 0) + 1;
    this.sum += value;
    this.count += 1;
  }

  *lines(): Iterable<string> {
    yield* head(this.name, this.help, 'histogram');
    let below = 0;
    for (const [place, bound] of this.bounds.entries()) {
      below += this.counts[place] ?? 0;
      yield `${this.name}_bucket{le="${bound}"} ${below}`;
    }
    yield `${this.name}_bucket{le="+Inf"} ${this.count}`;
    yield `${this.name}_sum ${this.sum}`;
    yield `${this.name}_count ${this.count}`;
  }
}

function head(name: string, help: string, type: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

/** Values are words of ours: nothing of a request needs escaping here. */
function rendered(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

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
  readonly requests = new Counter('foldwise_requests_total', 'Requests by endpoint and status.');
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
      new Gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss()),
    ];
  }

  render(): string {
    const { requests, requestSeconds, texts, dropped, batchTexts, batchSeconds, faults, gauges } = this;
    const all: readonly Metric[] = [
      ...[requests, requestSeconds, texts, dropped, batchTexts, batchSeconds, faults],
      ...gauges,
    ];
    return `${all.flatMap((metric) => [...metric.lines()]).join('\n')}\n`;
  }
}
