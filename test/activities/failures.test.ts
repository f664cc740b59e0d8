import { CancelledFailure, type ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { asFailure } from '../../activities/failures.js';
import { EnvironmentFault, InputFault } from '../../errors/fault.js';
import { ArtifactDamaged, LeaseLost } from '../../store/faults.js';

const details = { where: 'train.csv, row 3', what: 'the label is not 0 or 1', remedy: 'Correct it.' };
const quiet = { trace: none, debug: none, info: none, warn: none, error: none, log: none };

function failureOf(error: unknown, attempt = 1): Promise<ApplicationFailure> {
  const environment = new MockActivityEnvironment({ attempt }, { logger: quiet });
  return environment.run(() => Promise.resolve(asFailure(error) as ApplicationFailure));
}

describe('what an activity throws', () => {
  it.each([
    ['wrong input is not retried', new InputFault(details), true],
    ['a full disk is', new EnvironmentFault(details), false],
    ['a lost lease is', new LeaseLost(details), false],
    ['a damaged artifact is not: what made it has to run again', new ArtifactDamaged(details), true],
  ])('%s, and its message arrives whole under its name', async (_title, fault, nonRetryable) => {
    expect(await failureOf(fault)).toMatchObject({
      message: fault.message,
      type: fault.constructor.name,
      nonRetryable,
    });
  });

  it('is passed on where it is a cancellation', async () => {
    const cancelled = new CancelledFailure('PAUSED');
    expect(await failureOf(cancelled)).toBe(cancelled);
  });

  it('does not leave the process with its message where nobody foresaw it', async () => {
    const failure = await failureOf(new TypeError('cannot read "a private text"'));
    expect(failure.message).toMatch(/an unexpected TypeError at failures\.test\.ts:\d+/);
    expect(JSON.stringify([failure.message, failure.cause, failure.details])).not.toContain('private');
  });

  it.each([
    [1, false],
    [3, true],
  ])('is tried a few times where nobody foresaw it (attempt %i)', async (attempt, nonRetryable) => {
    expect(await failureOf(new Error('?'), attempt)).toMatchObject({ type: 'Unexpected', nonRetryable });
  });
});

function none(): void {
  // Says nothing.
}
