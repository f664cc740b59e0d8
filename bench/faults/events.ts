import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A line of `events.ndjson` about a fold. */
export interface RunEvent {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly event: string;
  readonly fold: number;
  /** Of the ensemble, where it has a name. */
  readonly member?: string;
  /** Of this fold, over all its attempts. */
  readonly attempt: number;
  /** Of the whole fold. */
  readonly steps?: number;
  /** Of an epoch that ended: its number. */
  readonly epoch?: number;
  readonly resumedFrom?: number;
  /** Process number. */
  readonly worker?: number;
  /** Where the training was; null where it had not begun. */
  readonly trainingStep?: number | null;
  readonly seconds?: number;
  readonly timing?: {
    readonly train: number;
    readonly evaluate: number;
    readonly checkpoint: number;
    readonly total: number;
  };
}

/** What a run noted about its folds, in order. A line that a kill cut short is left out. */
export function readEvents(runDirectory: string): RunEvent[] {
  const lines = readFileSync(join(runDirectory, 'events.ndjson'), 'utf8').split('\n');
  return lines.flatMap((line) => {
    const event = parsed(line);
    return typeof event?.['attempt'] === 'number' ? [toEvent(event)] : [];
  });
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
}

function toEvent(event: Record<string, unknown>): RunEvent {
  return { ...(event as unknown as RunEvent), at: Date.parse(String(event['at'])) };
}
