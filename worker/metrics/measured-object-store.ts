import { stat } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import type {
  ListedObject,
  ObjectContent,
  ObjectSource,
  ObjectStore,
  ObjectVersion,
} from '../../store/objects/object-store.js';
import type { WorkerMetrics } from './worker-metrics.js';

type Call<Name extends 'get' | 'stat' | 'put' | 'putIfAbsent' | 'putIfMatch'> = Parameters<ObjectStore[Name]>;
type Operation = 'get' | 'stat' | 'put' | 'put_if_absent' | 'put_if_match' | 'list' | 'delete';

/** An object store that tells the metrics of its calls: each as long as it takes with all that is tried again in it. */
export class MeasuredObjectStore implements ObjectStore {
  readonly place: string;

  constructor(
    private readonly store: ObjectStore,
    private readonly metrics: WorkerMetrics,
  ) {
    this.place = store.place;
  }

  async get(...call: Call<'get'>): Promise<ObjectContent | null> {
    const found = await this.timed('get', () => this.store.get(...call));
    const range = call[1]?.range;
    if (found !== null)
      this.count('read', range === undefined ? found.bytes : Math.min(range.to, found.bytes) - range.from);
    return found;
  }

  stat(...call: Call<'stat'>): ReturnType<ObjectStore['stat']> {
    return this.timed('stat', () => this.store.stat(...call));
  }

  put(...call: Call<'put'>): Promise<ObjectVersion> {
    return this.written('put', call[1], () => this.store.put(...call));
  }

  putIfAbsent(...call: Call<'putIfAbsent'>): Promise<ObjectVersion | null> {
    return this.written('put_if_absent', call[1], () => this.store.putIfAbsent(...call));
  }

  putIfMatch(...call: Call<'putIfMatch'>): Promise<ObjectVersion | null> {
    return this.written('put_if_match', call[2], () => this.store.putIfMatch(...call));
  }

  /** Its time is that to its end, with what the caller does between. */
  async *list(prefix: string): AsyncIterable<ListedObject> {
    const started = performance.now();
    try {
      yield* this.store.list(prefix);
    } catch (error) {
      this.metrics.storeFailures.add(1, { operation: 'list' });
      throw error;
    } finally {
      this.observe('list', started);
    }
  }

  delete(name: string): Promise<void> {
    return this.timed('delete', () => this.store.delete(name));
  }

  now(): number {
    return this.store.now();
  }

  leftovers(...call: Parameters<ObjectStore['leftovers']>): ReturnType<ObjectStore['leftovers']> {
    return this.store.leftovers(...call);
  }

  private async written<T extends ObjectVersion | null>(
    operation: Operation,
    source: ObjectSource,
    call: () => Promise<T>,
  ): Promise<T> {
    // Before: the call may take the file away.
    const bytes = source instanceof Uint8Array ? source.length : await sizeOf(source.path);
    const version = await this.timed(operation, call);
    if (version !== null) this.count('written', bytes);
    return version;
  }

  private async timed<T>(operation: Operation, call: () => Promise<T>): Promise<T> {
    const started = performance.now();
    try {
      return await call();
    } catch (error) {
      this.metrics.storeFailures.add(1, { operation });
      throw error;
    } finally {
      this.observe(operation, started);
    }
  }

  private observe(operation: Operation, started: number): void {
    this.metrics.storeSeconds.observe((performance.now() - started) / 1000, { operation });
  }

  private count(direction: 'read' | 'written', bytes: number): void {
    this.metrics.storeBytes.add(Math.max(0, bytes), { direction });
  }
}

/** Where there is no such file the call says so. */
async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => ({ size: 0 }))).size;
}
