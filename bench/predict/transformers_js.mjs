// The side of transformers.js: run in a folder in whose node_modules it is.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [folder, textsFile, threads, maxLength] = process.argv.slice(2);
const place = createRequire(join(process.cwd(), 'package.json')).resolve('@huggingface/transformers');
const { AutoModelForSequenceClassification, AutoTokenizer, env } = await import(pathToFileURL(place).href);
env.allowRemoteModels = false;
env.localModelPath = '';
const BATCH = 32;
const texts = JSON.parse(readFileSync(textsFile, 'utf8'));
const tokenizer = await AutoTokenizer.from_pretrained(folder);
const model = await AutoModelForSequenceClassification.from_pretrained(folder, {
  dtype: 'fp32',
  session_options: { intraOpNumThreads: Number(threads), interOpNumThreads: 1 },
});

async function score(asked) {
  const all = [];
  for (let first = 0; first < asked.length; first += BATCH) {
    const options = { padding: true, truncation: true, max_length: Number(maxLength) };
    const { logits } = await model(tokenizer(asked.slice(first, first + BATCH), options));
    for (const logit of logits.data) all.push(1 / (1 + Math.exp(-logit)));
  }
  return all;
}

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
await score(texts.slice(0, BATCH));
say({ ready: true, version: env.version });
for await (const line of createInterface({ input: process.stdin })) {
  const [command, from, to] = line.split(' ');
  if (command === 'peak') say({ peakBytes: process.resourceUsage().maxRSS * 1024 });
  else {
    const start = performance.now();
    const probabilities = await score(texts.slice(Number(from), Number(to)));
    say({ seconds: (performance.now() - start) / 1000, probabilities });
  }
}
process.exit(0);
