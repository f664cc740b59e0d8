import { z } from 'zod';
import { dataFactsSchema } from './data-facts.js';
import { intervalSchema, scoreSchema } from './run-outcome.js';

const count = z.int().min(0);

const differenceSchema = z.object({
  base: scoreSchema.describe('F1 of the first run, cross-fitted'),
  f1: scoreSchema.describe('F1 of the other run'),
  difference: z.number().nullable().describe('f1 − base; null for a label that no shared row has'),
  interval: intervalSchema.describe('where it lies with 95 % confidence'),
  differing: count.describe('shared rows that the two decide differently'),
  verdict: z
    .enum(['better', 'worse', 'not-shown', 'untold'])
    .describe('whether the other run is shown to be better or worse than the first'),
});

const values = z.array(z.unknown()).describe('one for each run; null where it has none');

/** What `compare` prints. */
export const comparisonSchema = z.object({
  runs: z.array(z.string()).min(2).describe('their ids; the first is what the others are held against'),
  facts: z
    .array(
      z.object({
        run: z.string(),
        pipeline: z.string(),
        data: dataFactsSchema,
        crossFitted: scoreSchema.describe('macro F1 over all its rows and labels'),
        interval: intervalSchema.describe('null in results of earlier versions'),
        folds: count,
        members: count.describe('members of its ensemble; 1 where folds are the only axis'),
        seconds: z.number().describe('of its steps, those of reused ones being 0'),
        trainingSeconds: z.number().describe('of its folds together, whenever they were trained'),
      }),
    )
    .describe('of each run'),
  pairs: z
    .array(
      z.object({
        base: z.string().describe('the first run'),
        run: z.string().describe('the other one'),
        rows: z.object({
          shared: count.describe('by which the two are compared'),
          onlyBase: count,
          onlyRun: count,
          unjudged: count.describe('in both tables, but without a prediction of one of the runs'),
          otherTruth: count.describe('in both tables, but with other labels'),
        }),
        groups: count
          .nullable()
          .describe(
            'of the shared rows, where rows were held out by groups: the interval is of other groups',
          ),
        labels: z.object({
          shared: z.array(z.string()).describe('by which the two are compared'),
          onlyBase: z.array(z.string()),
          onlyRun: z.array(z.string()),
        }),
        macro: differenceSchema,
        perLabel: z.array(
          differenceSchema.extend({ label: z.string(), support: count.describe('shared rows that have it') }),
        ),
      }),
    )
    .describe('each other run held against the first'),
  scores: z
    .array(
      z.object({
        name: z.string().describe('a label, or `macro`'),
        score: z.enum(['atHalf', 'tuned', 'crossFitted']),
        values: z.array(scoreSchema).describe('one for each run; null where it does not have the label'),
        first: scoreSchema,
        second: scoreSchema,
        change: z.number().nullable().describe('second − first'),
      }),
    )
    .describe('as each run has them, over all its rows'),
  settings: z
    .array(
      z.object({
        path: z.string(),
        values,
        first: z.unknown().optional().describe('absent where the first run does not have it'),
        second: z.unknown().optional().describe('absent where the second run does not have it'),
      }),
    )
    .describe('settings that the runs do not share'),
  versions: z.array(z.object({ path: z.string(), values })).describe('versions that they do not share'),
});
