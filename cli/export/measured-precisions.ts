import { modelsOf } from '../../ensemble/definition.js';
import { holdsInInt8, lossWords, type Int8Measure } from '../../ensemble/in-int8.js';
import type { Float16Measure, StoredEnsemble } from '../../ensemble/stored-ensemble.js';
import { InputFault } from '../../errors/fault.js';
import { measurePrecision, type Measured, type MeasureRequest } from './precision-measure.js';

export interface Unmeasured {
  /** Why. */
  readonly unmeasured: string;
}

/** The lower precisions that an export was asked for, as they were measured; null where it was not. */
export interface MeasuredPrecisions {
  readonly int8: Int8Measure | Unmeasured | null;
  readonly float16: Float16Measure | Unmeasured | null;
}

export interface PrecisionsRequest extends Omit<MeasureRequest, 'precision'> {
  /** What may be lost of macro F1 in 8 bits; null where they are not asked for. */
  readonly maxLoss: number | null;
  readonly float16: boolean;
  /** A model's place in the exported folder. */
  readonly placeOf: (folder: string) => string;
}

/** Measures what is asked for, before anything is written. */
export async function measuredPrecisions(request: PrecisionsRequest): Promise<MeasuredPrecisions> {
  const { maxLoss, float16 } = request;
  return {
    int8: maxLoss === null ? null : await inInt8(request, maxLoss),
    float16: float16 ? await inFloat16(request) : null,
  };
}

async function inInt8(request: PrecisionsRequest, maxLoss: number): Promise<Int8Measure | Unmeasured> {
  const measured = await measuredOr({ ...request, precision: 'int8' });
  if ('unmeasured' in measured) return measured;
  const { macroF1, models, ...rest } = measured;
  const folders = modelsOf(request.definition).map(({ folder }) => request.placeOf(folder));
  return {
    ...rest,
    macroF1: { float32: macroF1.float32, int8: macroF1.lower },
    maxLoss,
    models: models.map(({ float32, lower }, place) => ({ folder: folders[place]!, float32, int8: lower })),
  };
}

async function inFloat16(request: PrecisionsRequest): Promise<Float16Measure | Unmeasured> {
  const measured = await measuredOr({ ...request, precision: 'float16' });
  if ('unmeasured' in measured) return measured;
  const { macroF1, rows, change } = measured;
  return { macroF1: { float32: macroF1.float32, float16: macroF1.lower }, rows, change };
}

async function measuredOr(request: MeasureRequest): Promise<Measured | Unmeasured> {
  try {
    return await measurePrecision(request);
  } catch (error) {
    // The rest of the ensemble is none the worse for it.
    if (error instanceof InputFault) return { unmeasured: error.message };
    throw error;
  }
}

/** What was measured, as the manifest and its readers have it. */
export function knownMeasures({
  int8,
  float16,
}: MeasuredPrecisions): Pick<StoredEnsemble, 'int8' | 'float16'> {
  return {
    ...(int8 === null || 'unmeasured' in int8 ? {} : { int8 }),
    ...(float16 === null || 'unmeasured' in float16 ? {} : { float16 }),
  };
}

/** What the card says of them; without what went wrong, which may name a folder of this machine. */
export function cardWords({ int8, float16 }: MeasuredPrecisions): string[] {
  return [...(int8 === null ? [] : [int8Words(int8)]), ...(float16 === null ? [] : [float16Words(float16)])];
}

function int8Words(int8: Int8Measure | Unmeasured): string {
  if ('unmeasured' in int8) return 'int8 was left out: what it loses could not be measured';
  const words = lossWords(int8);
  return holdsInInt8(int8)
    ? `in int8, on the rows that the folds held out, ${words}`
    : `int8 was left out: ${words}`;
}

function float16Words(float16: Float16Measure | Unmeasured): string {
  if ('unmeasured' in float16) return 'what storing weights in float16 changes could not be measured';
  return `with weights stored in float16, on the rows that the folds held out, ${changeWords(float16)}`;
}

/** `macro F1 0.5211 in place of 0.5211; probabilities change by 0.0000046 on average, 0.00002 at most` */
export function changeWords({ macroF1, change }: Float16Measure): string {
  return `macro F1 ${macroF1.float16.toFixed(4)} in place of ${macroF1.float32.toFixed(4)}; probabilities change by ${short(change.mean)} on average, ${short(change.largest)} at most`;
}

/** Two digits that count, however small. */
function short(change: number): number {
  return Number(change.toPrecision(2));
}
