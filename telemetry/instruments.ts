/** What a metric is, as Prometheus has it. */
export interface Definition {
  /** By its conventions: `_total` of a counter, and the unit: `_seconds`, `_bytes`. */
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** The labels that tell its samples apart; of each there are few values, all words of ours. */
  readonly labels: readonly string[];
}

/** The values of a metric's labels, by name. */
export type Labels = Readonly<Record<string, string>>;

/** One metric, in the text format of Prometheus, version 0.0.4. */
export interface Instrument {
  readonly definition: Definition;
  samples(): Iterable<string>;
}

interface InstrumentOptions {
  readonly labels?: readonly string[];
}

export class Counter implements Instrument {
  readonly definition: Definition;
  private readonly values = new Map<string, number>();

  constructor(name: string, help: string, { labels = [] }: InstrumentOptions = {}) {
    this.definition = { name, help, type: 'counter', labels };
    // What has not happened yet is 0, so that a rate sees the first time.
    if (labels.length === 0) this.values.set('', 0);
  }

  add(count = 1, labels: Labels = {}): void {
    const key = rendered(labels);
    this.values.set(key, (this.values.get(key) ?? 0) + count);
  }

  *samples(): Iterable<string> {
    for (const [labels, value] of this.values) yield `${this.definition.name}${labels} ${written(value)}`;
  }
}

/** What a gauge shows when somebody asks: a number, or one for each set of labels. */
export type Reading = number | Iterable<readonly [Labels, number]>;

export class Gauge implements Instrument {
  readonly definition: Definition;

  constructor(
    name: string,
    help: string,
    private readonly read: () => Reading,
    { labels = [] }: InstrumentOptions = {},
  ) {
    this.definition = { name, help, type: 'gauge', labels };
  }

  *samples(): Iterable<string> {
    const { name } = this.definition;
    const found = this.read();
    const readings = typeof found === 'number' ? [[{}, found] as const] : found;
    for (const [labels, value] of readings) yield `${name}${rendered(labels)} ${written(value)}`;
  }
}

interface Distribution {
  readonly labels: Labels;
  readonly counts: number[];
  sum: number;
  count: number;
}

export class Histogram implements Instrument {
  readonly definition: Definition;
  private readonly distributions = new Map<string, Distribution>();

  constructor(
    name: string,
    help: string,
    /** Ascending. */
    private readonly bounds: readonly number[],
    { labels = [] }: InstrumentOptions = {},
  ) {
    this.definition = { name, help, type: 'histogram', labels };
    if (labels.length === 0) this.of({});
  }

  observe(value: number, labels: Labels = {}): void {
    const found = this.of(labels);
    const place = this.bounds.findIndex((bound) => value <= bound);
    if (place >= 0) found.counts[place] = (found.counts[place] ?? 0) + 1;
    found.sum += value;
    found.count += 1;
  }

  *samples(): Iterable<string> {
    const { name } = this.definition;
    for (const { labels, counts, sum, count } of this.distributions.values()) {
      let below = 0;
      for (const [place, bound] of this.bounds.entries()) {
        below += counts[place] ?? 0;
        yield `${name}_bucket${rendered({ ...labels, le: String(bound) })} ${below}`;
      }
      yield `${name}_bucket${rendered({ ...labels, le: '+Inf' })} ${count}`;
      yield `${name}_sum${rendered(labels)} ${written(sum)}`;
      yield `${name}_count${rendered(labels)} ${count}`;
    }
  }

  private of(labels: Labels): Distribution {
    const key = rendered(labels);
    const found = this.distributions.get(key);
    if (found !== undefined) return found;
    const made = { labels, counts: this.bounds.map(() => 0), sum: 0, count: 0 };
    this.distributions.set(key, made);
    return made;
  }
}

/** Of what is answered with `exposition`. */
export const expositionType = 'text/plain; version=0.0.4; charset=utf-8';

/** All that the instruments have, as a scrape reads it. */
export function exposition(instruments: readonly Instrument[]): string {
  const lines = instruments.flatMap((instrument) => {
    const { name, help, type } = instrument.definition;
    return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...instrument.samples()];
  });
  return `${lines.join('\n')}\n`;
}

/** The memory of this process, under the name that every exporter gives it. */
export function residentMemory(): Gauge {
  const read = (): number => process.memoryUsage.rss();
  return new Gauge('process_resident_memory_bytes', 'Resident memory of this process.', read);
}

function rendered(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function written(value: number): string {
  return Math.abs(value) === Infinity ? `${value < 0 ? '-' : '+'}Inf` : String(value);
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
