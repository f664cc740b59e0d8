import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { trainFold } from '../../../engine/training/fold.js';
import { predictTexts } from '../../../engine/inference/predict.js';
import { job, never, texts, useSmallFolds } from './small-fold.js';
import { noBrowserLibrary, place, withoutLibrary } from '../../setup/transformers-js.js';

useSmallFolds();

/** Loads a folder as anybody would, and prints each text's probabilities. */
const script = `
  import { AutoModelForSequenceClassification, AutoTokenizer, env } from '@huggingface/transformers';
  env.allowRemoteModels = false;
  env.localModelPath = '';
  const [folder, texts] = JSON.parse(process.argv[1]);
  const tokenizer = await AutoTokenizer.from_pretrained(folder);
  const model = await AutoModelForSequenceClassification.from_pretrained(folder);
  const all = [];
  for (const text of texts) {
    const { logits } = await model(tokenizer(text, { truncation: true }));
    all.push(...Array.from(logits.data, (logit) => 1 / (1 + Math.exp(-logit))));
  }
  console.log(JSON.stringify(all));`;

describe.skipIf(noBrowserLibrary)(`an exported folder in transformers.js${withoutLibrary}`, () => {
  it.each(['bert', 'deberta-v2'] as const)(
    'of %s gives our probabilities to 1e-5',
    async (type) => {
      const { model } = await trainFold(job(type, {}, { epochs: 1 }), () => undefined, never);
      const folder = mkdtempSync(join(tmpdir(), 'foldwise-js-'));
      for (const [name, path] of Object.entries(model)) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        copyFileSync(path, join(folder, name));
      }
      // Not longer than the model takes: it cuts the last special token off with the text.
      const asked = [...texts.slice(0, 8), 'good [SEP] rain', 'GOOD, Cat!', '', 'good '.repeat(30)];
      const ours = await predictTexts(folder, asked, { maxLength: 32, threads: 1 });
      const given = JSON.stringify([folder, asked]);
      const out = execFileSync(process.execPath, ['--input-type=module', '-e', script, given], {
        cwd: place,
      });
      const theirs = JSON.parse(out.toString()) as number[];
      expect(theirs).toHaveLength(ours.length);
      expect(Math.max(...theirs.map((value, i) => Math.abs(value - (ours[i] ?? NaN))))).toBeLessThan(1e-5);
    },
    120_000,
  );
});
