import { describe, expect, it } from 'vitest';
import { Batcher, type BatchEvents } from '../../serving/batcher.js';
import { EnvironmentFault } from '../../errors/fault.js';
import { defaultBatching, type BatchingOptions } from '../../serving/limits.js';
import { Refusal } from '../../serving/refusal.js';
import { about, PlainScorer, scoredOf } from './served.js';

const never = new AbortController().signal;

function batcherOf(
  scorer: PlainScorer,
  options: Partial<BatchingOptions & { queuedTexts: number }> = {},
  events: Partial<BatchEvents> = {},
): Batcher {
  return new Batcher(
    scorer,
    { ...defaultBatching, maxWaitMs: 1, queuedTexts: 100, labels: about.labels.length, ...options },
    {
      onBatch: () => undefined,
      onFault: () => undefined,
      onDropped: () => undefined,
      onStuck: () => undefined,
      onLost: () => undefined,
      ...events,
    },
  );
}

/** Holds the first batch back until told. */
function held(scorer: PlainScorer): () => void {
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  scorer.before = () => gate;
  return release;
}

describe('texts of many requests', () => {
  it('are scored together, and each request is given its own in its order', async () => {
    const scorer = new PlainScorer();
    const batcher = batcherOf(scorer, { maxWaitMs: 50 });
    const requests = [['a', 'bb'], ['ccc'], ['dddd', 'a', 'é']];
    const answers = await Promise.all(requests.map((texts) => batcher.score(texts, never)));
    expect(answers).toEqual(requests.map(scoredOf));
    expect(scorer.batches).toHaveLength(1);
  });

  it('that come while nothing is scored are scored at once, and those that come meanwhile together', async () => {
    const scorer = new PlainScorer();
    const release = held(scorer);
    const { maxWaitMs } = defaultBatching;
    const batcher = batcherOf(scorer, { maxWaitMs });
    const together = [batcher.score(['one'], never), batcher.score(['two'], never)];
    await new Promise(setImmediate);
    expect(scorer.batches).toEqual([['one', 'two']]);
    const meanwhile: Promise<unknown>[] = [];
    for (const text of ['three', 'four', 'five']) {
      meanwhile.push(batcher.score([text], never));
      await new Promise(setImmediate);
    }
    expect(scorer.batches).toHaveLength(1);
    release();
    await Promise.all([...together, ...meanwhile]);
    expect(scorer.batches.map((batch) => batch.length)).toEqual([2, 3]);
  });

  it('are split over batches by length, the oldest first, and joined again', async () => {
    const scorer = new PlainScorer();
    const release = held(scorer);
    const batcher = batcherOf(scorer, { batchTexts: 4, batchCharacters: 400, maxWaitMs: 0 });
    const first = batcher.score(['first'], never);
    await new Promise(setImmediate);
    const long = (word: string): string => word.repeat(100);
    const mixed = ['x', long('a'), 'yy', long('b'), 'zz', long('c'), 'w', long('d'), 'v'];
    const all = batcher.score(mixed, never);
    release();
    expect(await first).toEqual(scoredOf(['first']));
    expect(await all).toEqual(scoredOf(mixed));
    expect(scorer.batches.map((batch) => batch.map((text) => text.length))).toEqual([
      [5],
      [1, 1, 1, 2],
      [100, 100, 100, 100],
      [2],
    ]);
  });

  it('longer than a batch may be are scored alone', async () => {
    const scorer = new PlainScorer();
    const batcher = batcherOf(scorer, { batchCharacters: 10 });
    const texts = ['a'.repeat(50), 'b'.repeat(50), 'c'];
    expect(await batcher.score(texts, never)).toEqual(scoredOf(texts));
    expect(scorer.batches.map((batch) => batch.length)).toEqual([1, 1, 1]);
  });

  it('are refused beyond the places of the queue, and taken again once there are some', async () => {
    const scorer = new PlainScorer();
    const release = held(scorer);
    const batcher = batcherOf(scorer, { queuedTexts: 3, maxWaitMs: 0 });
    const first = batcher.score(['scored now'], never);
    await new Promise(setImmediate);
    const second = batcher.score(['a', 'b'], never);
    expect(batcher.waiting).toBe(2);
    const refused = batcher.score(['c', 'd'], never);
    await expect(refused).rejects.toThrow(Refusal);
    await expect(refused).rejects.toMatchObject({ status: 429, headers: { 'Retry-After': '1' } });
    const third = batcher.score(['e'], never);
    release();
    expect(await Promise.all([first, second, third])).toHaveLength(3);
    expect(await batcher.score(['c', 'd'], never)).toEqual(scoredOf(['c', 'd']));
  });

  it('are dropped where nobody waits for them any more, those of others are not', async () => {
    const scorer = new PlainScorer();
    const release = held(scorer);
    let dropped = 0;
    const batcher = batcherOf(scorer, { maxWaitMs: 0 }, { onDropped: (texts) => (dropped += texts) });
    const first = batcher.score(['scored now'], never);
    await new Promise(setImmediate);
    const leaving = new AbortController();
    const gone = batcher.score(['gone', 'gone too'], leaving.signal);
    const stays = batcher.score(['stays'], never);
    leaving.abort();
    await expect(gone).rejects.toMatchObject({ status: 503 });
    release();
    expect([await first, await stays]).toEqual([scoredOf(['scored now']), scoredOf(['stays'])]);
    expect([dropped, scorer.batches.flat()]).toEqual([2, ['scored now', 'stays']]);
  });

  it('of one request that cannot be scored fail alone', async () => {
    const scorer = new PlainScorer();
    const faults: unknown[] = [];
    const batcher = batcherOf(scorer, { maxWaitMs: 20 }, { onFault: (fault) => faults.push(fault) });
    scorer.before = (texts) =>
      texts.includes('poison') ? Promise.reject(new Error('no')) : Promise.resolve();
    const [good, bad, also] = await Promise.allSettled([
      batcher.score(['good'], never),
      batcher.score(['x', 'poison'], never),
      batcher.score(['also good'], never),
    ]);
    expect([good, also]).toEqual([
      { status: 'fulfilled', value: scoredOf(['good']) },
      { status: 'fulfilled', value: scoredOf(['also good']) },
    ]);
    expect(bad).toMatchObject({ status: 'rejected', reason: { status: 500 } });
    expect(faults).toHaveLength(2);
    expect(await batcher.score(['after'], never)).toEqual(scoredOf(['after']));
  });

  it('are all given up where the engine is stuck, and no more are taken', async () => {
    const scorer = new PlainScorer();
    held(scorer);
    let stuck = 0;
    const batcher = batcherOf(scorer, { stuckMs: 30, maxWaitMs: 0 }, { onStuck: () => (stuck += 1) });
    const first = batcher.score(['never'], never);
    await new Promise(setImmediate);
    const waits = batcher.score(['waits'], never);
    for (const each of [first, waits, batcher.score(['late'], never)])
      await expect(each).rejects.toMatchObject({ status: 503 });
    await expect(batcher.score(['later'], never)).rejects.toMatchObject({ status: 503 });
    expect([stuck, batcher.waiting]).toEqual([1, 0]);
  });

  it('are all given up where what scores is gone: none is scored again by it', async () => {
    const scorer = new PlainScorer();
    const gone = new EnvironmentFault({ where: 'WebGPU, run', what: 'the device is lost' });
    let fail = (): void => undefined;
    scorer.before = () => new Promise((_, reject) => (fail = () => reject(gone)));
    const lost: unknown[] = [];
    const batcher = batcherOf(scorer, { maxWaitMs: 0 }, { onLost: (fault) => lost.push(fault) });
    const asked = [batcher.score(['one'], never), batcher.score(['two'], never)];
    await new Promise(setImmediate);
    const waits = batcher.score(['waits'], never);
    fail();
    for (const each of [...asked, waits])
      await expect(each).rejects.toMatchObject({
        status: 503,
        headers: { 'Retry-After': '1' },
        details: { what: 'the engine has failed' },
      });
    await expect(batcher.score(['later'], never)).rejects.toMatchObject({ status: 503 });
    expect([lost, scorer.batches, batcher.waiting]).toEqual([[gone], [['one', 'two']], 0]);
  });
});
