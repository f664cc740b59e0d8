// Predicts a table by a run's models on WebGPU, few rows at a time: node on-webgpu-child.mjs RUN WORKDIR TABLE TARGET.
import { existsSync } from 'node:fs';
import { storedEnsembleIn } from '../../../dist/activities/stored-ensemble.js';
import { predictStream } from '../../../dist/cli/predict/predict-stream.js';
import { ResumableFile } from '../../../dist/cli/predict/resumable-file.js';
import { fileSource } from '../../../dist/data/text-stream/source.js';
import { ScoredTogether } from '../../../dist/engine/inference/scored-together.js';
import { createServices } from '../../../dist/worker/services.js';

const [run, workdir, table, target] = process.argv.slice(2);
const resume = existsSync(`${target}.progress`);
const output = await ResumableFile.open({ target, command: 'the same', resume, force: false });
await predictStream(createServices({ workdir, roots: null, searchAttributes: false }), {
  ensemble: await storedEnsembleIn(run),
  source: await fileSource(table),
  format: 'csv',
  output,
  written: { format: 'csv', probabilities: true },
  device: 'webgpu',
  signal: new AbortController().signal,
  together: new ScoredTogether({ rows: 40 }),
  onProgress: ({ rows }) => process.stdout.write(`${rows}\n`),
});
