import type { Dice } from '../dice.js';

/** One way in which foreign bytes reach foldwise: how to make such bytes, and what reads them. */
export interface FuzzTarget {
  /** As `--target` takes it; the file's name too. */
  readonly name: string;
  /** What of foldwise reads the input, for the table. */
  readonly reads: string;
  /** The ending of an input that is written to a file, such as `.csv`. */
  readonly extension: string;
  /**
   * An input: well-formed ones, ones that are broken in one place, and ones that are broken throughout should
   * all come up. The same for the same dice. At most 16 MiB, made in well under a second.
   */
  make(dice: Dice): Uint8Array;
  /**
   * Reads the input as foldwise would. Returning is accepting it; a `Fault` refuses it; anything else that is
   * thrown is a crash.
   *
   * @param scratch an empty folder, its own for each input
   * @returns what was understood, for a comparison with the reference; undefined where there is none
   */
  run(input: Uint8Array, scratch: string): Promise<unknown>;
  /** Milliseconds that one input may take. Default 10 s. */
  readonly limitMs?: number;
}

/** What became of an input. */
export type Verdict = 'accepted' | 'refused' | 'crash' | 'hang' | 'memory';

/** Verdicts that are defects. */
export const defects: readonly Verdict[] = ['crash', 'hang', 'memory'];

/** What reading one input came to. */
export interface Outcome {
  readonly target: string;
  readonly index: number;
  readonly verdict: Verdict;
  /** Of the refusal or the crash; empty for what was accepted. */
  readonly message: string;
  readonly ms: number;
  /** What the target understood, of an accepted input. */
  readonly value?: unknown;
}

/** The longest that one input may take. */
export const defaultLimitMs = 10_000;

/** The most memory that the reading process may ever hold, the runtime and all libraries included. */
export const limitBytes = 2 ** 30;
