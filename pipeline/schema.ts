import { z } from 'zod';
import { defaultTask, taskNames } from '../tasks/index.js';
import { activityNames } from './activities.js';
import { calibrationSchema } from './calibration.js';
import { ensembleSchema } from './ensemble.js';
import { gatesSchema } from './gates.js';
import { reportSchema } from './report.js';
import { thresholdsSchema } from './thresholds.js';
import { epochLimit, seed, trainingSchema } from './training.js';

/**
 * What a pipeline's file may say, field by field. What spans fields (wiring, `checkpoint` or
 * `scratch`, clashing names) is checked in checks.ts.
 *
 * The defaults are the reference method's.
 */

/**
 * Names end up as file and column names: a letter or digit first, no separators, no control characters.
 * 64 letters of four bytes each are one byte too long for the name of a file.
 */
export const namePattern =
  /^(?![\u{10000}-\u{10ffff}]{64}$)[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}_ .-]{0,62}[\p{L}\p{M}\p{N}_-])?$/u;
export const nameMeaning =
  'at most 64 letters, digits, spaces, or any of _ . -, with a letter or digit first and no dot or space last';
/** No system takes a path with a NUL. */
export const pathPattern = /^[^\0]*$/;
export const stepPattern = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
export const durationPattern = /^[1-9][0-9]{0,6}(?:s|m|h|d)$/;

/** Larger pipelines are refused: each of these is a number of messages, files or columns. */
export const pipelineLimits = {
  labels: 1000,
  folds: 1000,
  cells: 10_000,
  epochs: epochLimit,
  steps: 200,
} as const;

/** Looked for in the tables where `data.text` is not set. */
export const defaultTextColumns = ['text', 'comment_text', 'sentence', 'content', 'review'] as const;

export const defaultMaxLength = 128;

const name = z.string().regex(namePattern);
const path = z.string().min(1).max(4096).regex(pathPattern);
const column = z.string().min(1).max(256);

const data = z.strictObject({
  train: path.describe(
    'CSV file of the labelled rows: a path relative to this file, s3://bucket/key or store:tables/….',
  ),
  test: path
    .exactOptional()
    .describe(
      'CSV file of the rows to predict, its label columns ignored: as `train`. Without it nothing is submitted.',
    ),
  text: z
    .array(column)
    .min(1)
    .max(100)
    .exactOptional()
    .describe(
      `Candidate text columns: the first one that a file has is used. Default: those of ${defaultTextColumns.join(', ')} that are no label.`,
    ),
  target: column
    .exactOptional()
    .describe(
      'Of a single-label pipeline: the column of the class names. Without it, each label is a column of 0 and 1.',
    ),
  id: column
    .exactOptional()
    .describe(
      'Column of the ids, which the files must have. Without it: `id`, and where a file lacks that, ids are 0, 1, 2 …',
    ),
  gates: gatesSchema
    .exactOptional()
    .describe('What the tables must be like before anything is trained, each a share from 0 to 1.'),
});

const folds = z.strictObject({
  count: z
    .int()
    .min(2)
    .max(pipelineLimits.folds)
    .default(5)
    .describe('Number of folds, and so of trained models.'),
  strategy: z
    .enum(['stratified', 'random', 'multilabel', 'group', 'stratified-group'])
    .default('stratified')
    .describe(
      'How rows are assigned: stratified by the combination of their labels, at random, so that each label has its share (multilabel), or groups as equal folds. Groups stay whole; stratified is then stratified-group.',
    ),
  seed: seed.default(42).describe('Seed of the shuffle; the assignment equals that of scikit-learn.'),
  group: column
    .exactOptional()
    .describe('Column of the training table whose equal values are kept in one fold: an author, a source.'),
  column: column
    .exactOptional()
    .describe(
      'Column of the training table that gives the folds, of `count` values; in place of a strategy.',
    ),
  together: z
    .enum(['none', 'duplicates', 'near-duplicates'])
    .exactOptional()
    .describe('Which rows with the same text are kept in one fold. Default none.'),
  repeats: z
    .int()
    .min(1)
    .max(100)
    .exactOptional()
    .describe('How often the rows are split anew, with a model for every fold each time. Default 1.'),
});

const scratch = z.strictObject({
  type: z.enum(['bert', 'deberta-v2']).describe('Architecture.'),
  hiddenSize: z.int().min(1).max(8192).describe('Width; a multiple of `heads`.'),
  layers: z.int().min(1).max(128),
  heads: z.int().min(1).max(256),
  intermediateSize: z.int().min(1).max(65_536).describe('Width of the feed-forward layers.'),
  vocabulary: z
    .int()
    .min(10)
    .max(1_000_000)
    .describe('Entries of the vocabulary learnt from the training texts, special tokens included.'),
});

const model = z.strictObject({
  checkpoint: path
    .exactOptional()
    .describe(
      'A folder (relative to this file) or the name of a model on the hub, as owner/model or owner/model@revision; or else `scratch`.',
    ),
  scratch: scratch.exactOptional().describe('A network with random weights in place of a checkpoint.'),
  maxLength: z
    .int()
    .min(3)
    .max(65_536)
    .default(defaultMaxLength)
    .describe('Truncation in tokens, special tokens included.'),
  truncation: z
    .enum(['auto', 'head', 'tail', 'both'])
    .optional()
    .describe(
      'What is kept of a text that is too long: its first tokens, its last ones, or a quarter of the first and three quarters of the last; `auto`, the default, is as the checkpoint says, and that is nearly always the first.',
    ),
  windows: z
    .strictObject({
      overlap: z
        .int()
        .min(0)
        .max(65_536)
        .describe('Tokens that a window shares with the one before it; fewer than `maxLength` − 2.'),
      most: z.int().min(2).max(1000).describe('Windows of a text at most; what is longer is cut first.'),
    })
    .optional()
    .describe(
      'A text is read in windows of `maxLength` tokens, whose logits are averaged, in training as in scoring. Without it a text is cut to `maxLength`.',
    ),
  pooling: z
    .enum(['auto', 'first', 'mean'])
    .optional()
    .describe(
      'What of a text the head sees: its first token or the mean of all; `auto`, the default, is as the checkpoint says. Of families whose configuration can say it: ModernBERT.',
    ),
});

/**
 * Wider matrices are refused: the values of an axis are read by people, the cells are trained, and what the
 * members reach travels in one message, beside the scores of a thousand labels.
 */
export const matrixLimits = { axes: 8, values: 100, members: 300 } as const;

const matrix = z
  .object({ fold: z.literal('all') })
  .catchall(z.array(z.json()).min(1).max(matrixLimits.values));

const step = z.strictObject({
  run: z.enum(activityNames).describe('Activity that the step runs.'),
  needs: z
    .array(z.string())
    .max(pipelineLimits.steps)
    .default([])
    .describe('Steps that must be done first; their outputs, and those of what they need, are its inputs.'),
  matrix: matrix
    .exactOptional()
    .describe(
      'Runs the step once for every combination of a fold and a value of each other axis, which is a path below `model` or `training`.',
    ),
  queue: z
    .string()
    .regex(stepPattern)
    .exactOptional()
    .describe(
      '`main`, or the name `q` of the task queue `foldwise-q`. Default `gpu` for trainFold, else `main`.',
    ),
  timeout: z
    .string()
    .regex(durationPattern)
    .exactOptional()
    .describe('Longest time for one attempt, like 90s, 30m, 12h or 2d. Default 12h for trainFold, else 1h.'),
  onFailure: z
    .enum(['wait', 'fail', 'skip'])
    .exactOptional()
    .describe('What a failed step does to the run. Default `wait` for trainFold, else `fail`.'),
});

const steps = z.record(z.string().regex(stepPattern), step);

export const pipelineSchema = z.strictObject({
  name: name.describe('Name of the pipeline; part of file names and workflow ids.'),
  task: z
    .enum(taskNames)
    .default(defaultTask)
    .describe('What a row may be: any number of labels, or exactly one of them (`single-label`).'),
  labels: z
    .array(name)
    .min(1)
    .max(pipelineLimits.labels)
    .describe('The label columns, each 0 or 1 in every training row.'),
  data,
  folds: folds.prefault({}).describe('How the training rows are split.'),
  model,
  training: trainingSchema.prefault({}).describe('How each fold is trained.'),
  ensemble: ensembleSchema
    .optional()
    .describe('How the members of a matrix over more than folds become one ensemble.'),
  calibration: calibrationSchema
    .optional()
    .describe(
      'How probabilities are made to be chances before thresholds are tuned: by a `temperature`, by `platt` scaling or `isotonic` regression; `none` without it.',
    ),
  thresholds: thresholdsSchema
    .optional()
    .describe(
      'How the threshold of a label is found: on the `grid` of 0.1, 0.15 … 0.9, `exact`, the best of all, or `smoothed`, the best by a measure that resists the luck of rare labels; the grid without it. As a map, also what it is to reach.',
    ),
  report: reportSchema.optional().describe('What the report shows.'),
  steps: steps
    .optional()
    .describe(
      'The steps by name; without it: data, fold, oof, thresholds, submission (where there is data.test), report.',
    ),
});

/** What `pipelineSchema` gives: fields checked and filled in, but steps and paths not yet resolved. */
export type PipelineDocument = z.output<typeof pipelineSchema>;
export type StepDocument = z.output<typeof step>;
