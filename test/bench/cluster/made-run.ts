import type { HostEvent } from '../../../bench/cluster/results.js';
import type { ClusterRun } from '../../../bench/cluster/run.js';

/** Of fold 1 on fold1 in its first attempt, unless it is said otherwise. */
export function event(second: number, name: string, facts: Partial<HostEvent> = {}): HostEvent {
  return { at: second * 1000, event: name, fold: 1, attempt: 1, host: 'fold1', ...facts };
}

/** Of which nothing is known, and no file is there. */
export const noRun: ClusterRun = {
  status: 'COMPLETED',
  startedAt: 0,
  seconds: 1,
  faults: [],
  events: [],
  records: [],
  digests: null,
};
