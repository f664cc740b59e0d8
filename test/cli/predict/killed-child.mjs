// Predicts a table with models that are not there, slowly, until it is killed: node killed-child.mjs TABLE TARGET.
import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { predictStream } from '../../../dist/cli/predict/predict-stream.js';
import { ResumableFile } from '../../../dist/cli/predict/resumable-file.js';
import { openTestTable } from '../../../dist/data/prepared-table.js';
import { fileSource } from '../../../dist/data/text-stream/source.js';
import { ScoredTogether } from '../../../dist/engine/inference/scored-together.js';

const [table, target] = process.argv.slice(2);
const resume = existsSync(`${target}.progress`);
const output = await ResumableFile.open({ target, command: 'the same', resume, force: false });
await predictStream(
  {
    scratch: `${target}.scratch`,
    slots: 1,
    threads: 1,
    predictor: {
      predict: async (_folder, { table, output }) => {
        const { texts, close } = openTestTable(table);
        const scores = texts.range(0, texts.length).map((text) => (text.length % 7) / 7);
        close();
        await setTimeout(5);
        writeFileSync(output, Float32Array.from(scores));
      },
    },
  },
  {
    ensemble: {
      definition: {
        task: 'multi-label',
        labels: ['joy'],
        thresholds: [0.5],
        members: [{ weight: 1, models: [{ folder: 'model', maxLength: 8 }] }],
      },
      run: 'a-run',
      pipeline: 'small',
      columns: { text: ['text'] },
    },
    source: await fileSource(table),
    format: 'csv',
    output,
    written: { format: 'csv', probabilities: true },
    signal: new AbortController().signal,
    together: new ScoredTogether({ rows: 500 }),
    onProgress: ({ rows }) => process.stdout.write(`${rows}\n`),
  },
);
