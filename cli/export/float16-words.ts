import type { z } from 'zod';
import type { exportedFolderSchema } from '../facts/export.js';
import { changeWords, type MeasuredPrecisions } from './measured-precisions.js';

type Float16 = MeasuredPrecisions['float16'];

export function float16Facts(float16: Float16): z.output<typeof exportedFolderSchema>['float16'] {
  if (float16 === null) return null;
  if ('unmeasured' in float16)
    return { unmeasured: float16.unmeasured, macroF1: null, rows: 0, change: null };
  return { ...float16, unmeasured: null };
}

/** What was measured, or why it was not: it is in the folder all the same. */
export function float16Lines(float16: Float16): string[] {
  if (float16 === null) return [];
  if ('unmeasured' in float16)
    return [`note: what float16 changes could not be measured: ${float16.unmeasured}`];
  return [`float16, on ${float16.rows} held-out rows: ${changeWords(float16)}`];
}
