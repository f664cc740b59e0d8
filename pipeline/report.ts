import { z } from 'zod';
import type { Pipeline } from './pipeline.js';

export const reportSchema = z.strictObject({
  texts: z
    .boolean()
    .default(true)
    .describe(
      'Whether texts of the data are shown, in the report and in files beside it; `false` where they are private.',
    ),
});

/** Whether results may show texts of the data: unless the file says otherwise. */
export function showsTexts({ report }: Pick<Pipeline, 'report'>): boolean {
  return report?.texts ?? true;
}
