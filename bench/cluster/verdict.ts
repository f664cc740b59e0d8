import { cellId } from '../../pipeline/matrix.js';
import { differences, type Digests } from '../faults/outcome.js';
import type { FoldRecord, HostEvent } from './results.js';
import type { ClusterRun } from './run.js';

/** What of a run is not as it must be; a sentence for each. */
export function violationsOf(expected: Digests, run: ClusterRun): string[] {
  if (lostItsStore(run)) return wrongFiles(expected, run);
  if (run.digests === null) return [`it ${run.status}`];
  const differing = differences(expected, run.digests).map((file) => `${file} differs`);
  return [
    ...differing,
    ...trainedAgain(run).map((cell) => `fold ${cell} was trained after it was finished`),
    ...evidenceMissing(run),
  ];
}

/** A run under which the store was emptied: what it had made is gone. */
export function lostItsStore({ faults }: ClusterRun): boolean {
  return faults.some(({ kind }) => kind === 'store emptied');
}

/** It may have ended, or have completed with what it still had; it may give nothing that is wrong. */
function wrongFiles(expected: Digests, { digests }: ClusterRun): string[] {
  const wrong = Object.entries(digests ?? {}).filter(([file, digest]) => expected[file] !== digest);
  return wrong.map(([file]) => `${file} is wrong`);
}

export type Evidence = Pick<ClusterRun, 'events' | 'records'>;

/**
 * Cells that an attempt trained after another had finished them. Finished is what the store has a result of, or
 * what its host noted as finished, whichever was first.
 */
export function trainedAgain({ events, records }: Evidence): string[] {
  const cells = new Set([...events.map(cellOf), ...records.map(cellOfRecord)]);
  return [...cells].filter((cell) => {
    const own = events.filter((event) => cellOf(event) === cell);
    const noted = own.filter(({ event }) => event === 'fold finished').map(({ at }) => at);
    const stored = records.filter((record) => cellOfRecord(record) === cell).map((each) => each.writtenAt);
    const finishedAt = Math.min(...noted, ...stored);
    const begun = own.some(({ event, at }) => event === 'fold started' && at > finishedAt);
    return begun || noted.length > 1;
  });
}

/** What would have to be there of a run that completed, for `trainedAgain` to see all. */
export function evidenceMissing({ events, records }: Evidence): string[] {
  const cells = [...new Set(events.map(cellOf))];
  const begun = (cell: string, number: number): boolean =>
    events.some(
      (event) => event.event === 'fold started' && cellOf(event) === cell && event.attempt === number,
    );
  return [
    ...(records.length === 0 ? ['the store has the result of no fold'] : []),
    ...cells
      .filter((cell) => !records.some((record) => cellOfRecord(record) === cell))
      .map((cell) => `the store has no result of fold ${cell}`),
    ...records
      .filter((record) => !begun(cellOfRecord(record), record.attempt))
      .map(
        (record) => `no host noted attempt ${record.attempt} at fold ${cellOfRecord(record)}, which made it`,
      ),
  ];
}

export function cellOf({ member = '', fold }: Pick<HostEvent, 'member' | 'fold'>): string {
  return cellId({ member, fold });
}

function cellOfRecord({ fold }: FoldRecord): string {
  return cellOf({ fold });
}
