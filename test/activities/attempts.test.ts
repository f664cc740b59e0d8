import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { guarded } from '../../activities/failures.js';
import { beat } from '../../activities/heartbeat.js';
import { EnvironmentFault, InputFault } from '../../errors/fault.js';
import { crash } from '../../worker/child-process.js';

const quiet = { trace: none, debug: none, info: none, warn: none, error: none, log: none };

interface Attempt {
  /** The step that it comes to. */
  readonly step: number;
  /** How it ends; absent for a worker that is never heard of again. */
  readonly error?: Error;
}

/** Makes attempts one after the other, each told the last heartbeat of the one before, until one is final. */
async function attempts(
  list: readonly Attempt[],
): Promise<{ made: number; last: ApplicationFailure | null }> {
  let heartbeatDetails: unknown;
  for (const [index, { step, error }] of list.entries()) {
    const environment = new MockActivityEnvironment(
      { attempt: index + 1, heartbeatDetails },
      { logger: quiet },
    );
    environment.on('heartbeat', (details: unknown) => {
      heartbeatDetails = JSON.parse(JSON.stringify(details));
    });
    const work = (): Promise<void> => {
      beat({ step });
      return error === undefined ? Promise.resolve() : Promise.reject(error);
    };
    const failure: unknown = await environment
      .run(() => guarded(work))
      .then(() => null)
      .catch((reason: unknown) => reason);
    if (failure instanceof ApplicationFailure && failure.nonRetryable === true)
      return { made: index + 1, last: failure };
  }
  return { made: list.length, last: null };
}

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const abort = crash('fold 1', null, 'SIGABRT');

describe('a process that ends again and again', () => {
  it('at the same place in the same way is the input’s fault after the fifth time, and says so', async () => {
    const { made, last } = await attempts(times(20, () => ({ step: 7, error: abort })));
    expect(made).toBe(5);
    expect(last?.type).toBe('InputFault');
    expect(last?.message).toMatch(
      /^fold 1: its process ended before it was done, for the 5th time in the same way .* found signal SIGABRT/,
    );
  });

  it('before its first step, too', async () => {
    expect((await attempts(times(20, () => ({ step: 0, error: abort })))).made).toBe(5);
  });

  it('is tried for ever where each attempt gets further', async () => {
    expect(await attempts(times(30, (index) => ({ step: 10 * index, error: abort })))).toEqual({
      made: 30,
      last: null,
    });
  });

  it('at places that wander back and forth is given up, too', async () => {
    expect(
      (await attempts(times(30, (index) => ({ step: 5 + (index % 3), error: abort })))).made,
    ).toBeLessThan(12);
  });

  it('in ways that differ is tried again', async () => {
    const ends = ['SIGKILL', 'SIGSEGV'] as const;
    const list = times(20, (index) => ({ step: 1, error: crash('fold 1', null, ends[index % 2]!) }));
    expect((await attempts(list)).made).toBe(20);
  });

  it('for another reason in between, such as a full disk, starts to count anew', async () => {
    const full = new EnvironmentFault({ where: 'the store', what: 'writing failed', found: 'ENOSPC' });
    expect(
      (await attempts(times(40, (index) => ({ step: 1, error: index % 4 === 3 ? full : abort })))).made,
    ).toBe(40);
    expect((await attempts(times(40, () => ({ step: 1, error: full })))).made).toBe(40);
  });
});

describe('a worker that is lost again and again', () => {
  it('over what gets no further is given up after the tenth time', async () => {
    const { made, last } = await attempts(times(30, () => ({ step: 3 })));
    expect(made).toBe(11);
    expect(last?.message).toMatch(/its worker was lost 10 times in a row/);
  });

  it('is not one that was told to stop', async () => {
    let heartbeatDetails: unknown;
    for (let attempt = 1; attempt <= 15; attempt++) {
      const environment = new MockActivityEnvironment({ attempt, heartbeatDetails }, { logger: quiet });
      environment.on('heartbeat', (details: unknown) => (heartbeatDetails = details));
      const stopped = environment.run(() =>
        guarded(() => {
          beat({ step: 3 });
          environment.cancel('WORKER_SHUTDOWN');
          return Promise.reject(abort);
        }),
      );
      await expect(stopped).rejects.toBeInstanceOf(CancelledFailure);
    }
  });

  it('is no reason to give up what gets further', async () => {
    expect((await attempts(times(30, (index) => ({ step: index })))).made).toBe(30);
  });
});

describe('what an activity tells of a failure', () => {
  it('is bounded, whoever made it', async () => {
    const long = 'x'.repeat(5_000_000);
    const fault = new InputFault({ where: long, what: long, expected: long, found: long, remedy: long });
    const { last } = await attempts([{ step: 0, error: fault }]);
    expect(JSON.stringify([last?.message, last?.details]).length).toBeLessThan(100_000);
    expect(last?.message).toContain('characters more)');
  });

  it.each([{ attempts: null }, { attempts: { furthest: 'x' } }, 'text', 7, null, []])(
    'does not depend on heartbeats of another form: %j',
    async (heartbeatDetails) => {
      const environment = new MockActivityEnvironment({ heartbeatDetails }, { logger: quiet });
      const failed = environment.run(() => guarded(() => Promise.reject(abort)));
      await expect(failed).rejects.toMatchObject({ type: 'ProcessCrashed', nonRetryable: false });
    },
  );
});

function none(): void {
  // Says nothing.
}
