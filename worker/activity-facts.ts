import { AsyncLocalStorage } from 'node:async_hooks';
import { z } from 'zod';
import { cell, runName } from '../activities/fields.js';

/** What a line of the log says of the activity that it comes from; nothing of what is not known. */
export interface ActivityFacts {
  readonly run?: string;
  readonly fold?: number;
  /** Of the ensemble, where it has a name. */
  readonly member?: string;
  readonly attempt?: number;
}

const running = new AsyncLocalStorage<ActivityFacts>();

/** The activity that the caller runs in. */
export function currentFacts(): ActivityFacts {
  return running.getStore() ?? {};
}

/** Runs an activity so that whatever it logs or starts is known to be its own. */
export function withFacts<T>(facts: ActivityFacts, work: () => T): T {
  return running.run(facts, work);
}

const told = z.object({
  run: runName.optional().catch(undefined),
  fold: cell.shape.fold.optional().catch(undefined),
  member: z.string().max(200).optional().catch(undefined),
});

/** Of an argument that nobody has checked yet: what has not the form of a name is left out. */
export function factsOf(argument: unknown, attempt: number): ActivityFacts {
  const parsed = told.safeParse(argument);
  const { run, fold, member } = parsed.success ? parsed.data : {};
  return {
    ...(run === undefined ? {} : { run }),
    ...(fold === undefined ? {} : { fold }),
    ...(member === undefined || member === '' ? {} : { member }),
    attempt,
  };
}
