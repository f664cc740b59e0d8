import type { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ActivityInterceptors } from '@temporalio/worker';
import { factsOf, withFacts, type ActivityFacts } from '../activity-facts.js';
import type { WorkerMetrics } from './worker-metrics.js';

/** Counts attempts at activities, and has what they log say whose they are. */
export function observedActivities(metrics: WorkerMetrics): (context: Context) => ActivityInterceptors {
  return ({ info, cancellationSignal }) => {
    const activity = info.activityType;
    let facts: ActivityFacts = { attempt: info.attempt };
    const ended = (outcome: string): void => metrics.activities.add(1, { activity, outcome });
    return {
      inbound: {
        execute: async (input, next) => {
          facts = factsOf(input.args[0], info.attempt);
          if (info.attempt > 1) metrics.retries.add(1, { activity });
          if (activity === 'trainFold') metrics.foldsTaken += 1;
          try {
            const result = await withFacts(facts, () => next(input));
            ended('completed');
            return result;
          } catch (error) {
            ended(cancellationSignal.aborted ? 'cancelled' : outcomeOf(error));
            throw error;
          } finally {
            if (activity === 'trainFold') metrics.foldsTaken -= 1;
          }
        },
      },
      outbound: {
        getLogAttributes: (attributes, next) => {
          // It is of use to nobody who reads a log.
          const { taskToken, ...known } = next(attributes);
          return { ...known, ...facts };
        },
      },
    };
  };
}

function outcomeOf(error: unknown): string {
  if (error instanceof CancelledFailure) return 'cancelled';
  return error instanceof ApplicationFailure && error.nonRetryable === true ? 'refused' : 'failed';
}
