import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../errors/fault.js';
import { Dice } from '../dice.js';
import type { FuzzTarget, Outcome } from './target.js';

/** One input of a campaign: it can be made again from this alone. */
export interface Draw {
  readonly seed: number;
  readonly index: number;
}

/** The input's bytes. */
export function makeInput(target: FuzzTarget, { seed, index }: Draw): Uint8Array {
  const words = createHash('sha256').update(`${seed} ${target.name} ${index}`).digest();
  return target.make(new Dice(words.readUInt32LE(0)));
}

/**
 * Makes an input and reads it.
 *
 * @param scratch a folder that is emptied first
 * @param keep where the input is also written to, for the reference to read; null for nowhere
 */
export async function readInput(
  target: FuzzTarget,
  draw: Draw,
  scratch: string,
  keep: string | null,
): Promise<Outcome> {
  const input = makeInput(target, draw);
  if (keep !== null) writeFileSync(join(keep, `${draw.index}${target.extension}`), input);
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  const started = performance.now();
  const named = { target: target.name, index: draw.index };
  try {
    const value = await target.run(input, scratch);
    return { ...named, verdict: 'accepted', message: '', ms: performance.now() - started, value };
  } catch (error) {
    const verdict = error instanceof Fault ? 'refused' : 'crash';
    return { ...named, verdict, message: describeError(error), ms: performance.now() - started };
  }
}

/** A fault's own words; of anything else the stack, which says where to look. */
export function describeError(error: unknown): string {
  if (error instanceof Fault) return error.message.slice(0, 500);
  return (error instanceof Error ? (error.stack ?? error.message) : String(error)).slice(0, 2_000);
}
