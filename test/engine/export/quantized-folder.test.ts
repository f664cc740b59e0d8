import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { quantizedModel } from '../../../engine/export/onnx-export.js';
import { quantizedModelOf, quantizedName } from '../../../engine/export/quantized-folder.js';
import { parametersOf } from '../../../engine/inference/parameters.js';
import { predictTexts } from '../../../engine/inference/predict.js';
import { familyOf } from '../../../engine/models/families.js';
import { trainFold } from '../../../engine/training/fold.js';
import { noPython, python, withoutPython } from '../../setup/reference-python.js';
import { noBrowserLibrary, place, withoutLibrary } from '../../setup/transformers-js.js';
import { job, modelFolder, never, texts, useSmallFolds } from '../training/small-fold.js';

/**
 * Rounding of two runs falls on either side of a half now and then, and a level of 127 then differs; in float32 they
 * agree to 1e-6.
 */
const TOLERANCE = 1e-3;

/** Not longer than the model takes: transformers.js cuts the last special token off with the text. */
const asked = [...texts.slice(0, 8), 'good [SEP] rain', 'GOOD, Cat!', '', 'good '.repeat(30).trim()];

const inPython = `
import json, sys
import numpy, onnxruntime
from transformers import AutoTokenizer
folder, name, texts = json.loads(sys.argv[1])
tokens = AutoTokenizer.from_pretrained(folder)(texts, truncation=True, padding=True, return_tensors="np")
session = onnxruntime.InferenceSession(folder + "/" + name)
logits = session.run(["logits"], {key: value.astype("int64") for key, value in tokens.items()})[0]
print(json.dumps((1 / (1 + numpy.exp(-logits.astype("float64")))).ravel().tolist()))
`;

const inJavaScript = `
import { AutoModelForSequenceClassification, AutoTokenizer, env } from '@huggingface/transformers';
env.allowRemoteModels = false;
env.localModelPath = '';
const [folder, , texts] = JSON.parse(process.argv[1]);
const tokenizer = await AutoTokenizer.from_pretrained(folder);
const model = await AutoModelForSequenceClassification.from_pretrained(folder, { dtype: 'q8' });
const all = [];
for (const text of texts) {
  const { logits } = await model(tokenizer(text, { truncation: true }));
  all.push(...Array.from(logits.data, (logit) => 1 / (1 + Math.exp(-logit))));
}
console.log(JSON.stringify(all));`;

useSmallFolds();

describe.each(['bert', 'deberta-v2'] as const)('an exported %s in 8 bits', (type) => {
  let folder: string;
  let ours: Float32Array;

  beforeAll(async () => {
    folder = modelFolder(
      await trainFold(job(type, {}, { epochs: 1 }), () => undefined, never),
      `int8-${type}`,
    );
    const path = join(folder, quantizedName);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, await quantizedModelOf(folder));
    const config = join(folder, 'config.json');
    const settings = JSON.parse(readFileSync(config, 'utf8')) as Record<string, unknown>;
    settings['transformers.js_config'] = { dtype: 'fp32', use_external_data_format: { 'model.onnx': true } };
    writeFileSync(config, JSON.stringify(settings));
    ours = await predictTexts(folder, asked, { maxLength: 32, threads: 1, precision: 'int8' });
  }, 120_000);

  const given = (): string => JSON.stringify([folder, quantizedName, asked]);
  function expectOurs(printed: string): void {
    const theirs = JSON.parse(printed) as number[];
    expect(theirs).toHaveLength(ours.length);
    expect(Math.max(...theirs.map((value, i) => Math.abs(value - (ours[i] ?? NaN))))).toBeLessThan(TOLERANCE);
  }

  it('says nearly what it says in float32', async () => {
    const float32 = await predictTexts(folder, asked, { maxLength: 32, threads: 1 });
    const changes = float32.map((value, i) => Math.abs(value - (ours[i] ?? NaN)));
    expect(Math.max(...changes)).toBeGreaterThan(0);
    expect(Math.max(...changes)).toBeLessThan(0.02);
  });

  it.skipIf(noPython)(
    `gives our probabilities in Python's onnxruntime${withoutPython}`,
    () => {
      expectOurs(
        execFileSync(python, ['-c', inPython, given()], {
          env: { ...process.env, HF_HUB_OFFLINE: '1' },
        }).toString(),
      );
    },
    120_000,
  );

  it.skipIf(noBrowserLibrary)(
    `gives our probabilities in transformers.js as q8${withoutLibrary}`,
    () => {
      const args = ['--input-type=module', '-e', inJavaScript, given()];
      expectOurs(execFileSync(process.execPath, args, { cwd: place }).toString());
    },
    120_000,
  );
});

describe('a file in 8 bits', () => {
  it('has about a quarter of the bytes of the weights', () => {
    const config = {
      model_type: 'bert',
      vocab_size: 8000,
      hidden_size: 256,
      num_hidden_layers: 3,
      num_attention_heads: 4,
      intermediate_size: 1024,
      max_position_embeddings: 128,
      type_vocab_size: 2,
    };
    const classifier = familyOf(config).classifier(config, 3);
    let bytes = 0;
    for (const { shape } of parametersOf(classifier)) bytes += 4 * shape.reduce((a, b) => a * b, 1);
    const sizes = new Map(
      parametersOf(classifier).map(({ name, shape }) => [name, shape.reduce((a, b) => a * b, 4)]),
    );
    const file = quantizedModel(classifier, (name) => new Uint8Array(sizes.get(name) as number));
    expect(file.length / bytes).toBeGreaterThan(0.24);
    expect(file.length / bytes).toBeLessThan(0.3);
  });
});
