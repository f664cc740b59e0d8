import type { WorkflowHandle } from '@temporalio/client';

/** How much of Temporal's limits a run takes. */
export interface HistoryFacts {
  readonly events: number;
  /** As the server counts it. */
  readonly historyBytes: number;
  /** Of the largest message to or from an activity. */
  readonly largestPayloadBytes: number;
  /** Of what one fold gives, on average. */
  readonly foldOutputBytes: number;
  /** Of what one fold is told, on average. */
  readonly foldCallBytes: number;
}

/** What Temporal takes of one run at most: a run beyond is ended by the server. */
export const limits = { events: 51_200, historyBytes: 50 * 2 ** 20, payloadBytes: 2 * 2 ** 20 } as const;

export async function historyFacts(handle: WorkflowHandle): Promise<HistoryFacts> {
  const { historyLength, historySize } = await handle.describe();
  const { events } = await handle.fetchHistory();
  const calls = new Map<string, number>();
  const [foldCalls, foldOutputs, all]: [number[], number[], number[]] = [[], [], []];
  for (const event of events ?? []) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    const completed = event.activityTaskCompletedEventAttributes;
    const bytes = size(scheduled?.input) + size(completed?.result);
    all.push(bytes);
    if (scheduled?.activityType?.name === 'trainFold') {
      calls.set(String(event.eventId), bytes);
      foldCalls.push(bytes);
    }
    if (completed && calls.has(String(completed.scheduledEventId))) foldOutputs.push(bytes);
  }
  return {
    events: historyLength,
    historyBytes: historySize ?? 0,
    largestPayloadBytes: Math.max(...all),
    foldOutputBytes: mean(foldOutputs),
    foldCallBytes: mean(foldCalls),
  };
}

interface Payloads {
  readonly payloads?: readonly { readonly data?: Uint8Array | null }[] | null;
}

function size(value: Payloads | null | undefined): number {
  return (value?.payloads ?? []).reduce((sum, { data }) => sum + (data?.byteLength ?? 0), 0);
}

function mean(values: readonly number[]): number {
  return Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
}
