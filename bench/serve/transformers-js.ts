import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** A folder in whose `node_modules` transformers.js is; it brings half a gigabyte, so it is no dependency. */
const place = resolve(process.env['FOLDWISE_TRANSFORMERS_JS'] ?? '.');

/** Where it is, or null. */
export function transformersJsFolder(): string | null {
  return existsSync(join(place, 'node_modules/@huggingface/transformers')) ? place : null;
}

/** A service as its documentation writes one: each request is padded to its longest text and run as it comes. */
export const transformersJsService = `
  import { createServer } from 'node:http';
  import { AutoModelForSequenceClassification, AutoTokenizer, env } from '@huggingface/transformers';
  const { folder, labels, maxLength, threads } = JSON.parse(process.argv[1]);
  env.allowRemoteModels = false;
  env.localModelPath = '';
  const tokenizer = await AutoTokenizer.from_pretrained(folder);
  const model = await AutoModelForSequenceClassification.from_pretrained(folder, {
    dtype: 'fp32',
    session_options: { intraOpNumThreads: threads },
  });
  const server = createServer(async (request, response) => {
    try {
      let body = '';
      for await (const chunk of request) body += chunk;
      const { texts } = JSON.parse(body);
      const { logits } = await model(tokenizer(texts, { padding: true, truncation: true, max_length: maxLength }));
      const predictions = texts.map((_, row) => ({
        probabilities: Object.fromEntries(
          labels.map((label, i) => [label, 1 / (1 + Math.exp(-logits.data[row * labels.length + i]))]),
        ),
      }));
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ predictions }));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
  process.stdin.resume().once('end', () => process.exit());
`;
