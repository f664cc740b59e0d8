import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { EnvironmentFault } from '../../../errors/fault.js';
import type { ObjectStore } from '../../../store/objects/object-store.js';
import { MeasuredObjectStore } from '../../../worker/metrics/measured-object-store.js';
import { WorkerMetrics } from '../../../worker/metrics/worker-metrics.js';

const store: ObjectStore = {
  place: 'somewhere',
  get: (name) =>
    Promise.resolve(name === 'none' ? null : { bytes: 10, version: '1', stream: Readable.from([]) }),
  stat: () => Promise.resolve(null),
  put: () => Promise.reject(new EnvironmentFault({ where: 'somewhere', what: 'it is away' })),
  putIfAbsent: () => Promise.resolve('1'),
  putIfMatch: () => Promise.resolve(null),
  list: async function* () {
    yield await Promise.resolve({ name: 'a', bytes: 1, modified: 0 });
    throw new EnvironmentFault({ where: 'somewhere', what: 'it is away' });
  },
  delete: () => Promise.resolve(),
  now: () => 7,
  leftovers: () => Promise.resolve({ objects: 0, bytes: 0 }),
};

describe('a store whose calls are measured', () => {
  it('gives what the store gives, and counts calls, bytes and failures by operation', async () => {
    const metrics = new WorkerMetrics();
    const measured = new MeasuredObjectStore(store, metrics);
    expect(measured.place).toBe('somewhere');
    expect(await measured.get('none')).toBeNull();
    expect(await measured.get('a')).toMatchObject({ bytes: 10 });
    await measured.get('a', { range: { from: 8, to: 20 } });
    await expect(measured.put('a', new Uint8Array(4))).rejects.toThrow('it is away');
    expect(await measured.putIfAbsent('a', new Uint8Array(5))).toBe('1');
    expect(await measured.putIfMatch('a', '0', new Uint8Array(6))).toBeNull();
    const listed: string[] = [];
    const listing = async (): Promise<void> => {
      for await (const { name } of measured.list('a')) listed.push(name);
    };
    await expect(listing()).rejects.toThrow('it is away');
    expect(listed).toEqual(['a']);
    expect(await measured.stat('a')).toBeNull();
    await measured.delete('a');
    const text = metrics.render().split('\n');
    for (const line of [
      'foldwise_store_seconds_count{operation="get"} 3',
      'foldwise_store_seconds_count{operation="put"} 1',
      'foldwise_store_seconds_count{operation="list"} 1',
      'foldwise_store_seconds_count{operation="delete"} 1',
      'foldwise_store_seconds_count{operation="stat"} 1',
      'foldwise_store_failures_total{operation="put"} 1',
      'foldwise_store_failures_total{operation="list"} 1',
      'foldwise_store_bytes_total{direction="read"} 12',
      'foldwise_store_bytes_total{direction="written"} 5',
    ])
      expect(text).toContain(line);
    expect(metrics.render()).not.toContain('failures_total{operation="get"}');
  });
});
