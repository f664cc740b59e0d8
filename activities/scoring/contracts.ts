import { z } from 'zod';
import { textFormats } from '../../data/text-stream/format.js';
import { precisions } from '../../engine/inference/precision.js';
import { canonicalJson } from '../../pipeline/keys.js';
import type { ReadOnly } from '../../pipeline/read-only.js';
import { sha256 } from '../../store/digest.js';
import { artifactRefSchema as artifact, sha256Schema } from '../../store/store.js';
import { byLabel, count, list, runName, seconds, warnings, word } from '../fields.js';

/** What the workflow `score` is started with, and what it tells its activities. */

/** At most so many, so that the history stays small; they grow with the table. */
export const mostChunks = 500;

const path = z.string().min(1).max(4096);
const format = z.enum(textFormats);
const columnName = z.string().min(1).max(256);

export const scoreOptionsSchema = z.strictObject({
  /** By label, in place of the ensemble's own. */
  thresholds: byLabel(z.number().min(0).max(1)).exactOptional(),
  /** The probabilities, `p_<label>`, in place of the labels. Default false. */
  probabilities: z.boolean().exactOptional(),
  /** Of the table that is read; default: what the end of its name tells, else CSV. */
  format: format.exactOptional(),
  /** What the models' products are computed in. Default float32; int8 where an export measured what it loses. */
  precision: z.enum(precisions).exactOptional(),
  /** In place of those that the run's tables had; an id of null: `id` where the table has it, else rows are numbered. */
  columns: z
    .strictObject({ text: columnName.exactOptional(), id: columnName.nullable().exactOptional() })
    .exactOptional(),
});
export type ScoreOptions = ReadOnly<z.output<typeof scoreOptionsSchema>>;

/** The argument of the workflow `score`. */
export const scoreInputSchema = z.strictObject({
  /** The id of a completed run of the workdir, or the folder of a run or of an exported ensemble. */
  ensemble: path,
  /** The path or file URI of CSV, TSV or JSON lines. */
  table: path,
  /** Names the directory below `scores/`; by default made of the workflow's id. */
  score: runName.exactOptional(),
  options: scoreOptionsSchema.exactOptional(),
});
export type ScoreInput = ReadOnly<z.output<typeof scoreInputSchema>>;

/** Of what is scored by what and how, whatever it is called. */
export function scoreInputDigest({ ensemble, table, options = {} }: ScoreInput): string {
  return sha256(canonicalJson({ ensemble, table, options }));
}

const place = z.int().min(0);
const column = z.string().max(4 * 1024 * 1024);

/** The plan of a scoring, an artifact: what holds for all its chunks. */
export const scorePlanSchema = z.object({
  score: runName,
  /** The execution that took the name. */
  execution: z.string().max(200),
  table: z.object({
    path,
    format,
    sha256: sha256Schema,
    rows: count,
    layout: z.object({
      text: column,
      id: column.nullable(),
      cells: z.object({ width: place, text: place, id: place.nullable() }).exactOptional(),
    }),
    chunks: list(
      z.object({
        rows: count,
        start: z.object({ offset: place, rows: place, lines: place }),
        end: place,
        sha256: sha256Schema,
      }),
      mostChunks,
    ).min(1),
  }),
  ensemble: z.object({ folder: path, digest: sha256Schema, run: z.string().max(200), pipeline: word }),
  options: scoreOptionsSchema,
  device: word,
  threads: z.int().min(1).max(1024),
  warnings,
});
export type ScorePlan = ReadOnly<z.output<typeof scorePlanSchema>>;

export const plannedScoreSchema = z.object({
  score: runName,
  plan: artifact,
  pipeline: word,
  rows: count,
  chunks: z.int().min(1).max(mostChunks),
  /** Where the scoring's files go, as the worker sees it. */
  directory: z.string().max(8192),
  searchAttributes: z.boolean(),
});
/** Output of `planScore`. */
export type PlannedScore = ReadOnly<z.output<typeof plannedScoreSchema>>;

export const scoreChunkCallSchema = z.object({
  score: runName,
  plan: artifact,
  /** From 0. */
  chunk: z
    .int()
    .min(0)
    .max(mostChunks - 1),
});
export type ScoreChunkCall = ReadOnly<z.output<typeof scoreChunkCallSchema>>;

export const scoredChunkSchema = z.object({
  rows: count,
  /** Its lines of the table that is written. */
  scores: artifact,
  /** What its texts and scores are like: `ChunkSketch`. */
  sketch: artifact,
  /** What its models computed on; absent where that was the processor. */
  device: word.exactOptional(),
  seconds,
  /** Whether an earlier scoring had recorded it. */
  reused: z.boolean().default(false),
});
/** Output of `scoreChunk`. */
export type ScoredChunk = ReadOnly<z.output<typeof scoredChunkSchema>>;

const chunks = list(scoredChunkSchema, mostChunks).min(1);

const level = z.enum(['none', 'moderate', 'large']);
const share = z.number().min(0).max(1);
const compared = z.object({
  reference: count,
  rows: count,
  psi: z.number(),
  ks: share,
  ksByChance: share,
  level,
});
export const driftSchema = z.union([
  z.object({
    /** The worst of all. */
    level,
    texts: z
      .object({
        /** In characters. */
        lengths: compared,
        empty: compared,
        /** Texts of which most letters are of another script than Latin. */
        otherScript: compared,
      })
      .nullable(),
    /** By label: its probabilities, and the share of rows that are given it. */
    labels: byLabel(z.object({ probabilities: compared, positives: compared })),
    /** In words, for people. */
    warnings,
  }),
  z.object({ level: z.literal('unknown'), why: z.string().max(1000) }),
]);
export type DriftFacts = ReadOnly<z.output<typeof driftSchema>>;

export const compareScoresCallSchema = z.object({
  score: runName,
  plan: artifact,
  sketches: list(artifact, mostChunks),
});
export type CompareScoresCall = ReadOnly<z.output<typeof compareScoresCallSchema>>;

export const joinScoresCallSchema = z.object({
  score: runName,
  plan: artifact,
  /** In order. */
  chunks,
  drift: driftSchema,
});
export type JoinScoresCall = ReadOnly<z.output<typeof joinScoresCallSchema>>;

export const scoreResultSchema = z.object({
  score: z.string(),
  ensemble: z.object({ run: z.string(), pipeline: z.string(), digest: sha256Schema }),
  table: z.object({ path: z.string(), sha256: sha256Schema }),
  options: scoreOptionsSchema,
  rows: count,
  chunks: z.object({ all: count, reused: count }),
  /** How many chunks were scored on which device; results of an earlier version do not say. */
  devices: z.record(z.string(), count).exactOptional(),
  /** Of the scoring itself, in all chunks together; 0 for those that were reused. */
  seconds,
  drift: driftSchema,
  warnings,
  versions: z.record(z.string(), z.string()),
});
/** What `result.json` of a scoring holds. */
export type ScoreResult = ReadOnly<z.output<typeof scoreResultSchema>>;

export const joinedScoresSchema = z.object({
  rows: count,
  scores: artifact,
  result: artifact,
});
/** Output of `joinScores`. */
export type JoinedScores = ReadOnly<z.output<typeof joinedScoresSchema>>;

export interface ScoreActivities {
  planScore(input: ScoreInput): Promise<PlannedScore>;
  scoreChunk(call: ScoreChunkCall): Promise<ScoredChunk>;
  compareScores(call: CompareScoresCall): Promise<DriftFacts>;
  joinScores(call: JoinScoresCall): Promise<JoinedScores>;
}

/** Heartbeat details of `scoreChunk`. */
export interface ChunkHeartbeat {
  readonly chunk: number;
  /** Models that have scored its rows, of all. */
  readonly scored: number;
  readonly models: number;
}
