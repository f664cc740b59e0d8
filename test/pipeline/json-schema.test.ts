import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pipelineJsonSchema } from '../../pipeline/json-schema.js';

it('the committed JSON schema is that of the pipeline (renew it with `npx vitest run test/pipeline -u`)', async () => {
  const path = join(import.meta.dirname, '../../pipeline/pipeline.schema.json');
  await expect(`${JSON.stringify(pipelineJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(path);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toHaveProperty('title', 'foldwise pipeline');
});
