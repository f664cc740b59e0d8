import { z } from 'zod';
import { listSettings } from './lists.js';
import type { Path } from './problem.js';
import { pipelineSchema } from './schema.js';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** JSON Schema (2020-12) of a pipeline's file, for editors; committed as pipeline.schema.json. */
export function pipelineJsonSchema(): Record<string, unknown> {
  const schema: JsonSchema = z.toJSONSchema(pipelineSchema, { io: 'input' });
  return {
    ...listSettings.reduce(letOneStandAlone, schema),
    title: 'foldwise pipeline',
    description: 'A table of texts and labels, and how an ensemble is made of it.',
  };
}

/** The schema in which the list at `path` may also be one text, as `withLists` reads it. */
function letOneStandAlone(schema: JsonSchema, [part, ...rest]: Path): JsonSchema {
  if (part === undefined) {
    const { description = '', default: initial, ...list } = schema;
    const annotations = initial === undefined ? { description } : { description, default: initial };
    return { ...annotations, anyOf: [list, list.items as JsonSchema] };
  }
  if (part === '*') {
    const member = schema.additionalProperties as JsonSchema;
    return { ...schema, additionalProperties: letOneStandAlone(member, rest) };
  }
  const properties = schema.properties as Record<string, JsonSchema>;
  return { ...schema, properties: { ...properties, [part]: letOneStandAlone(properties[part]!, rest) } };
}
