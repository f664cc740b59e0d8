import { describe, expect, it } from 'vitest';
import { lastAttempt, type AttemptFailure } from '../../../cli/runs/last-attempt.js';

describe('the attempt before', () => {
  const handedOver = { lastFailure: null, handedOver: true };
  const failed = (lastFailure: string): object => ({ lastFailure, handedOver: false });
  const cases: readonly (readonly [string, AttemptFailure | null, object])[] = [
    ['none', null, { lastFailure: null, handedOver: false }],
    [
      'one that its worker gave up as it stopped',
      { message: 'Worker is shutting down', applicationFailureInfo: { type: 'WorkerShutdown' } },
      handedOver,
    ],
    ['one that was paused', { message: 'PAUSED', canceledFailureInfo: {} }, handedOver],
    [
      'one that failed',
      { message: 'fold 1: the disk is full', applicationFailureInfo: { type: 'EnvironmentFault' } },
      failed('fold 1: the disk is full'),
    ],
    [
      'one of a worker that is gone',
      { message: 'activity Heartbeat timeout', timeoutFailureInfo: { timeoutType: 4 } },
      failed('its worker went silent'),
    ],
    [
      'one that took too long',
      { message: 'activity StartToClose timeout', timeoutFailureInfo: { timeoutType: 1 } },
      failed("it took longer than its step's timeout"),
    ],
  ];

  it.each(cases)('is told in words of ours, and a stop is no failure: %s', (_, failure, told) => {
    expect(lastAttempt(failure)).toEqual(told);
  });
});
