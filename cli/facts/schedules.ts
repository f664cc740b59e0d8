import { z } from 'zod';

const id = z.string().describe("the schedule's id");
const next = z.iso.datetime().nullable().describe('when it starts a run next; null where it does not');

/** What `schedule create` prints. */
export const createdScheduleSchema = z.object({
  id,
  created: z.boolean().describe('false where one of that id was brought up to date'),
  cron: z.string(),
  timezone: z.string(),
  next,
});

/** What `schedule list` prints. */
export const scheduleListSchema = z.array(
  z.object({
    id,
    starts: z.enum(['pipeline', 'score']).describe('a run of a pipeline, or the scoring of a table'),
    paused: z.boolean(),
    next,
    lastRun: z.string().nullable().describe('the run, or the scoring, that it started last, by its name'),
  }),
);

/** What `schedule trigger`, `pause`, `resume` and `delete` print. */
export const scheduleChangeSchema = z.object({
  id,
  done: z.enum(['trigger', 'pause', 'resume', 'delete']),
});
