import { InputFault } from '../../errors/fault.js';
import type { DataFacts } from './data-facts.js';
import type { TokenCounts } from './token-counts.js';
import { leakingRows, ofAll, percent, rowsOf } from './words.js';

/** What a pipeline may set a limit to, each a share from 0 to 1. */
export type GateName =
  | 'duplicates'
  | 'nearDuplicates'
  | 'conflicts'
  | 'leaks'
  | 'nearLeaks'
  | 'empty'
  | 'scriptDrift'
  | 'lengthDrift'
  | 'cut'
  | 'unknownTokens';

/** The most that each share may be; a gate that is absent lets everything pass. */
export type DataGates = Readonly<Partial<Record<GateName, number>>>;

/** Gates for which near duplicates have to be looked for. */
export function asksForNear({ nearDuplicates, nearLeaks }: DataGates): boolean {
  return nearDuplicates !== undefined || nearLeaks !== undefined;
}

/** What a gate looks at. */
interface Measured {
  readonly share: number;
  /** What was found, with the rows where it can be seen. */
  readonly found: string;
  readonly remedy: string;
}

const repair = 'leave out the rows that repeat others';
const keepOut = 'leave those rows out of either table';

/** @returns undefined where nothing is known, as without rows to predict */
const ofTables: Readonly<
  Record<Exclude<GateName, 'cut' | 'unknownTokens'>, (facts: DataFacts) => readonly (Measured | undefined)[]>
> = {
  duplicates: ({ repeated, train }) => [
    repeated === null
      ? undefined
      : partOf(
          repeated.duplicates.rows,
          train.rows,
          `training rows have the text of an earlier one: ${rowsOf(repeated.duplicates)}`,
          repair,
        ),
  ],
  nearDuplicates: ({ repeated, train }) => [
    repeated?.near == null
      ? undefined
      : partOf(
          repeated.near.duplicates.rows,
          train.rows,
          `training rows have nearly the text of another: ${rowsOf(repeated.near.duplicates)}`,
          repair,
        ),
  ],
  conflicts: ({ repeated, train }) => [
    repeated === null
      ? undefined
      : partOf(
          repeated.conflicts.rows,
          train.rows,
          `training rows have the text of others and other labels: ${rowsOf(repeated.conflicts)}`,
          'decide which labels are right, and keep one row of each text',
        ),
  ],
  leaks: ({ repeated, test }) => [
    repeated?.leaks == null || test === null
      ? undefined
      : partOf(
          repeated.leaks.rows,
          test.rows,
          `rows to predict have the text of a training row: ${leakingRows(repeated.leaks)}`,
          keepOut,
        ),
  ],
  nearLeaks: ({ repeated, test }) => [
    repeated?.near?.leaks == null || test === null
      ? undefined
      : partOf(
          repeated.near.leaks.rows,
          test.rows,
          `rows to predict have nearly the text of a training row: ${leakingRows(repeated.near.leaks)}`,
          keepOut,
        ),
  ],
  empty: ({ train, test }) =>
    [train, test].map((table) =>
      table === null
        ? undefined
        : partOf(
            table.empty,
            table.rows,
            `texts of the ${table === train ? 'training' : 'test'} table are empty`,
            'leave those rows out, or name another column in data.text',
          ),
    ),
  scriptDrift: (facts) => [
    facts.drift === null
      ? undefined
      : {
          share: facts.drift.scripts,
          found: `the scripts of the letters of the two tables differ by ${percent(facts.drift.scripts)}`,
          remedy: 'look whether the rows to predict are in the language of the training rows',
        },
  ],
  lengthDrift: (facts) => [
    facts.drift === null
      ? undefined
      : {
          share: facts.drift.lengths,
          found: `the lengths of the texts of the two tables differ by ${percent(facts.drift.lengths)}`,
          remedy: 'look whether the rows to predict are texts like the training rows',
        },
  ],
};

/** @throws InputFault naming each gate that the tables do not pass, with counts, rows and what to do */
export function requireGates(facts: DataFacts, gates: DataGates): void {
  refuse(
    Object.entries(ofTables).flatMap(([name, measure]) => failures(name as GateName, gates, measure(facts))),
  );
}

/**
 * The gates that need a tokenizer.
 *
 * @param model as a person calls it
 * @throws InputFault as above
 */
export function requireTokenGates(counts: readonly TokenCounts[], gates: DataGates): void {
  const tables = counts.flatMap(({ longest, train, test }) => [
    { longest, name: 'training', tokens: train },
    ...(test === null ? [] : [{ longest, name: 'test', tokens: test }]),
  ]);
  refuse([
    ...failures(
      'cut',
      gates,
      tables.map(({ longest, name, tokens }) =>
        partOf(
          tokens.cut,
          tokens.texts,
          `texts of the ${name} table are longer than ${longest} tokens`,
          'raise model.maxLength where the model takes more, or shorten the texts',
        ),
      ),
    ),
    ...failures(
      'unknownTokens',
      gates,
      tables.map(({ name, tokens }) =>
        partOf(
          tokens.unknown,
          tokens.tokens,
          `tokens of the ${name} table are none of the model's vocabulary`,
          'take a model that was made for the language of the texts',
        ),
      ),
    ),
  ]);
}

function failures(name: GateName, gates: DataGates, measured: readonly (Measured | undefined)[]): string[] {
  const limit = gates[name];
  if (limit === undefined) return [];
  return measured
    .filter((each) => each !== undefined && each.share > limit)
    .map((each) => `${name}: ${each!.found}; at most ${percent(limit)}. To do: ${each!.remedy}`);
}

function refuse(failed: readonly string[]): void {
  if (failed.length === 0) return;
  const what =
    failed.length === 1
      ? `the tables do not pass a gate\n${failed[0]}`
      : `the tables do not pass ${failed.length} gates\n${failed.join('\n')}`;
  throw new InputFault({
    where: 'data.gates',
    what,
    remedy: 'Where the tables are as they should be, raise the gate.',
  });
}

/** So many of all. @param what they are */
function partOf(some: number, all: number, what: string, remedy: string): Measured {
  return { share: all === 0 ? 0 : some / all, found: `${ofAll(some, all)} ${what}`, remedy };
}
