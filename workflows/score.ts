import {
  CancellationScope,
  CancelledFailure,
  defineQuery,
  isCancellation,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { PlannedScore, ScoredChunk, ScoreInput } from '../activities/scoring/contracts.js';
import { isLostArtifact, runFailure } from './failure.js';
import { requireKey } from './require-key.js';
import { compareScores, joinScores, planScore, scoreChunk } from './score-calls.js';
import { scoringDetails, type ScoringProgress } from './scoring-progress.js';
import { RunAttributes } from './search-attributes.js';
import { requireSoleInput } from './sole-input.js';

/** What the workflow `score` returns. */
export interface ScoreSummary {
  readonly score: string;
  /** As the worker that planned the scoring sees it. */
  readonly directory: string;
  readonly rows: number;
  readonly chunks: number;
  /** Chunks that an earlier scoring had done. */
  readonly reused: number;
  readonly drift: 'none' | 'moderate' | 'large' | 'unknown';
}

export const scoringProgressQuery = defineQuery<ScoringProgress>('progress');

/** How often artifacts may be found lost, and made again, before the scoring has failed. */
const maxRepairs = 5;

/**
 * Scores a table by an ensemble, chunk by chunk: the workflow type `score`.
 *
 * @param further what nobody may give, and whoever starts workflows by hand can
 */
export async function score(input: ScoreInput, ...further: readonly never[]): Promise<ScoreSummary> {
  requireSoleInput(further, 'the input of the scoring');
  requireKey(input, 'the input of the scoring');
  const scoring = new Scoring(input);
  setHandler(scoringProgressQuery, () => scoring.progress(), {
    description: 'How many chunks and rows of the table are scored',
  });
  try {
    for (let repairs = 0; ; repairs++) {
      try {
        return await scoring.run();
      } catch (error) {
        if (!isLostArtifact(error) || repairs === maxRepairs) throw error;
      }
    }
  } catch (error) {
    // What fails because it was told to end has not failed.
    const cancelled = isCancellation(error) || CancellationScope.current().consideredCancelled;
    scoring.become(cancelled ? 'cancelled' : 'failed');
    if (!cancelled) throw runFailure('', error);
    throw isCancellation(error) ? error : new CancelledFailure('the scoring was cancelled');
  }
}

class Scoring {
  private state: ScoringProgress['state'] = 'planning';
  private planned: PlannedScore | null = null;
  private done: (ScoredChunk | undefined)[] = [];
  private drift: ScoringProgress['drift'] = null;
  private attributes: RunAttributes | null = null;

  constructor(private readonly input: ScoreInput) {}

  async run(): Promise<ScoreSummary> {
    this.done = [];
    this.drift = null;
    this.become('planning');
    const planned = (this.planned = await planScore(this.input));
    if (workflowInfo().memo?.['run'] !== planned.score) upsertMemo({ run: planned.score });
    this.attributes ??= new RunAttributes(planned.searchAttributes, planned.pipeline);
    this.become('scoring');
    const chunks = await this.scoreAll(planned);
    this.become('joining');
    const drift = await compareScores(planned, chunks);
    const { rows } = await joinScores(planned, chunks, drift);
    this.drift = drift.level;
    this.become('completed');
    return {
      score: planned.score,
      directory: planned.directory,
      rows,
      chunks: chunks.length,
      reused: reusedOf(chunks),
      drift: drift.level,
    };
  }

  /** All at once: each worker takes as many as it has slots. The first failure ends the others. */
  private async scoreAll(planned: PlannedScore): Promise<ScoredChunk[]> {
    const places = Array.from({ length: planned.chunks }, (_, place) => place);
    const scope = new CancellationScope();
    const scored = places.map((place) =>
      scope.run(async () => {
        const chunk = await scoreChunk(planned, place);
        this.done[place] = chunk;
        this.show();
        return chunk;
      }),
    );
    try {
      return await Promise.all(scored);
    } catch (error) {
      scope.cancel();
      await Promise.allSettled(scored);
      throw error;
    }
  }

  become(state: ScoringProgress['state']): void {
    this.state = state;
    this.show();
  }

  progress(): ScoringProgress {
    const done = this.done.filter((chunk) => chunk !== undefined);
    return {
      score: this.planned?.score ?? '',
      state: this.state,
      rows: {
        all: this.planned?.rows ?? 0,
        done: done.reduce((sum, { rows }) => sum + rows, 0),
      },
      chunks: { all: this.planned?.chunks ?? 0, done: done.length, reused: reusedOf(done) },
      drift: this.drift,
    };
  }

  private show(): void {
    setCurrentDetails(scoringDetails(this.progress()));
    this.attributes?.show(runStateOf(this.state));
  }
}

function reusedOf(chunks: readonly ScoredChunk[]): number {
  return chunks.filter(({ reused }) => reused).length;
}

function runStateOf(state: ScoringProgress['state']): 'running' | 'completed' | 'failed' | 'cancelled' {
  return state === 'completed' || state === 'failed' || state === 'cancelled' ? state : 'running';
}
