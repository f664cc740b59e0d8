import { z } from 'zod';
import { dataFactsSchema } from '../data/hygiene/data-facts.js';
import { tokenCountsSchema } from '../data/hygiene/token-counts.js';
import type { ReadOnly } from '../pipeline/read-only.js';
import type { ArtifactRef, ArtifactStore } from '../store/store.js';

const modelTokensSchema = tokenCountsSchema.extend({
  /** The checkpoint, or the type of a network from scratch. */
  model: z.string(),
});
/** What the tokenizer of one model makes of the tables. */
export type ModelTokens = ReadOnly<z.output<typeof modelTokensSchema>>;

export const describedDataSchema = dataFactsSchema.extend({
  /** Of each model that differs in its tokenizer or length; of earlier versions, or where it was not to be counted, none. */
  tokens: z.array(modelTokensSchema).exactOptional(),
});
/** What is told of a pipeline's tables. */
export type DescribedData = ReadOnly<z.output<typeof describedDataSchema>>;

/** @throws ArtifactMissing, ArtifactDamaged */
export async function readFacts(store: ArtifactStore, ref: ArtifactRef): Promise<DescribedData> {
  return describedDataSchema.parse(JSON.parse(Buffer.from(await store.getBytes(ref)).toString('utf8')));
}
