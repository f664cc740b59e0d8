import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Readiness } from '../../worker/readiness.js';

const often = { everyMs: 5, patienceMs: 50 };

describe('readiness', () => {
  it('is not there before the first look, nor once the worker ends', async () => {
    const readiness = new Readiness(often);
    expect(readiness.unready).toBe('it is starting');
    await readiness.watch({ server: () => null });
    expect(readiness.unready).toBeNull();
    readiness.end();
    expect(readiness.unready).toBe('it is ending');
    await delay(30);
    expect(readiness.unready).toBe('it is ending');
  });

  it('goes and comes with what it rests on, and says what is missing', async () => {
    const readiness = new Readiness(often);
    let problem: string | null = null;
    await readiness.watch({ disk: () => problem, server: () => null });
    expect(readiness.unready).toBeNull();
    problem = 'it is nearly full';
    await expect.poll(() => readiness.unready).toBe('disk: it is nearly full');
    problem = null;
    await expect.poll(() => readiness.unready).toBeNull();
    readiness.end();
  });

  it('is not there where a check fails, without the words of its error, or does not come back', async () => {
    const readiness = new Readiness(often);
    await readiness.watch({
      store: () => Promise.reject(new Error('/a/secret/path')),
      server: () => new Promise<null>(() => undefined),
    });
    expect(readiness.unready).toBe('store: it cannot be reached; server: it does not answer');
    readiness.end();
  });
});
