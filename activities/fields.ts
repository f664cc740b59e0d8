import { z } from 'zod';
import { capped } from '../errors/capped.js';
import { memberPattern } from '../pipeline/matrix.js';
import { namePattern, pipelineLimits, stepPattern } from '../pipeline/schema.js';

/** The fields of which calls and outputs are made (contracts.ts, outputs.ts), each with its bounds. */

export const runName = z.string().regex(namePattern);
export const stepName = z.string().regex(stepPattern);
export const fold = z.int().min(1).max(pipelineLimits.folds);
/** Of the ensemble; empty where folds are the only axis of the matrix. */
export const memberName = z.string().regex(memberPattern);
export const cell = z.object({ member: memberName.default(''), fold });
export const count = z
  .int()
  .min(0)
  .max(2 ** 40);
export const seconds = z.number().min(0);
/** Shown to people: names of devices, versions and the like. */
export const word = z.string().min(1).max(200);
const mostWarnings = 50;
const mostOfWarning = 1_000;
/** Notes for people: the first of them, each cut where it is long, since they travel with every output. */
export const warnings = z.array(z.string()).transform((texts) => {
  const told = texts.slice(0, mostWarnings).map((text) => capped(text, mostOfWarning));
  const more = texts.length - mostWarnings;
  return more > 0 ? [...told, `and ${more} more warnings`] : told;
});

/** A score that could not be computed is NaN, and null in JSON. */
export const score = z.union([z.number(), z.nan(), z.null().transform(() => NaN)]);
export const byLabel = <T extends z.ZodType>(value: T) => z.record(z.string().regex(namePattern), value);
export const list = <T extends z.ZodType>(entry: T, most: number) => z.array(entry).max(most);

/** A schema for every field of a type that is declared elsewhere, the optional ones included. */
export type Fields<T> = { readonly [Key in keyof T]-?: z.ZodType<T[Key]> };
