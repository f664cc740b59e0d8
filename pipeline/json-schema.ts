import { z } from 'zod';
import { pipelineSchema } from './schema.js';

/** JSON Schema (2020-12) of a pipeline's file, for editors; committed as pipeline.schema.json. */
export function pipelineJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(pipelineSchema, { io: 'input' }),
    title: 'foldwise pipeline',
    description: 'A table of texts and labels, and how an ensemble is made of it.',
  };
}
