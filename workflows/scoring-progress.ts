import type { DriftFacts } from '../activities/scoring/contracts.js';

/** Answer of the query `progress` of the workflow `score`. */
export interface ScoringProgress {
  /** The name of the scoring's directory; empty before it is decided. */
  readonly score: string;
  readonly state: 'planning' | 'scoring' | 'joining' | 'completed' | 'failed' | 'cancelled';
  /** 0 before the table was read. */
  readonly rows: { readonly all: number; readonly done: number };
  readonly chunks: { readonly all: number; readonly done: number; readonly reused: number };
  /** Null before all rows are scored. */
  readonly drift: DriftFacts['level'] | null;
}

/** The state of a scoring as Markdown. */
export function scoringDetails({ state, rows, chunks, drift }: ScoringProgress): string {
  return [
    `**${state}**`,
    `${chunks.done} of ${chunks.all} chunks, ${rows.done} of ${rows.all} rows`,
    ...(chunks.reused === 0 ? [] : [`${chunks.reused} chunks reused of earlier scorings`]),
    ...(drift === null ? [] : [`**Drift** ${drift}`]),
  ].join('\n\n');
}
