import { z } from 'zod';

const gate = (of: string) =>
  z.number().min(0).max(1).exactOptional().describe(`The most that may be: ${of}.`);

/** What a pipeline asks of its tables before anything is trained; what is not named may be as it is. */
export const gatesSchema = z.strictObject({
  duplicates: gate('the share of training rows with the text of an earlier one'),
  nearDuplicates: gate('the same share, with texts that are nearly the same'),
  conflicts: gate('the share of training rows with the text of others and other labels'),
  leaks: gate('the share of the rows to predict with the text of a training row'),
  nearLeaks: gate('the same share, with texts that are nearly the same'),
  empty: gate('the share of empty texts, in either table'),
  scriptDrift: gate('the share of letters that the rows to predict have in other scripts'),
  lengthDrift: gate('the distance of the distributions of lengths of the two tables (Kolmogorov–Smirnov)'),
  cut: gate('the share of texts that are cut at `model.maxLength`, in either table'),
  unknownTokens: gate('the share of tokens that the model does not know, in either table'),
});
export type DataGates = Readonly<z.output<typeof gatesSchema>>;

/** Gates that need the model's tokenizer. */
export function asksForTokens({ cut, unknownTokens }: DataGates = {}): boolean {
  return cut !== undefined || unknownTokens !== undefined;
}

/** Gates that compare the training rows with the rows to predict. */
export const testRowGates = ['leaks', 'nearLeaks', 'scriptDrift', 'lengthDrift'] as const;
