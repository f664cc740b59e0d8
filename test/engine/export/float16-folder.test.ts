import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { float16DataName, float16ModelOf, float16Name } from '../../../engine/export/float16-folder.js';
import { predictTexts } from '../../../engine/inference/predict.js';
import { trainFold } from '../../../engine/training/fold.js';
import { Graph } from '../../../engine/graph/graph.js';
import * as node from '../../../engine/graph/nodes.js';
import { castFromFloat16 } from '../../../engine/quantization/float16.js';
import { noPython, python, withoutPython } from '../../setup/reference-python.js';
import { noBrowserLibrary, place, withoutLibrary } from '../../setup/transformers-js.js';
import { job, modelFolder, never, sha256, texts, useSmallFolds } from '../training/small-fold.js';

/** The same weights in float32: what is left is the order of sums. */
const TOLERANCE = 1e-5;

const asked = [...texts.slice(0, 8), 'good [SEP] rain', 'GOOD, Cat!', '', 'good '.repeat(30).trim()];

const inPython = `
import json, sys
import numpy, onnxruntime
from transformers import AutoTokenizer
folder, name, texts = json.loads(sys.argv[1])
tokens = AutoTokenizer.from_pretrained(folder)(texts, truncation=True, padding=True, return_tensors="np")
all = []
for level in (onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL, onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    session = onnxruntime.InferenceSession(folder + "/" + name, options)
    logits = session.run(["logits"], {key: value.astype("int64") for key, value in tokens.items()})[0]
    all.append((1 / (1 + numpy.exp(-logits.astype("float64")))).ravel().tolist())
print(json.dumps(all))
`;

const inJavaScript = `
import { AutoModelForSequenceClassification, AutoTokenizer, env } from '@huggingface/transformers';
env.allowRemoteModels = false;
env.localModelPath = '';
const [folder, , texts] = JSON.parse(process.argv[1]);
const tokenizer = await AutoTokenizer.from_pretrained(folder);
const model = await AutoModelForSequenceClassification.from_pretrained(folder, { dtype: 'fp16' });
const all = [];
for (const text of texts) {
  const { logits } = await model(tokenizer(text, { truncation: true }));
  all.push(...Array.from(logits.data, (logit) => 1 / (1 + Math.exp(-logit))));
}
console.log(JSON.stringify([all]));`;

useSmallFolds();

describe.each(['bert', 'deberta-v2'] as const)('an exported %s with weights in float16', (type) => {
  let folder: string;
  let ours: Float32Array;

  beforeAll(async () => {
    const outcome = await trainFold(job(type, {}, { epochs: 1 }), () => undefined, never);
    folder = modelFolder(outcome, `float16-${type}`);
    writeFileSync(join(folder, float16Name), await float16ModelOf(folder, join(folder, float16DataName)));
    ours = await predictTexts(folder, asked, { maxLength: 32, threads: 1, precision: 'float16' });
  }, 120_000);

  const given = (): string => JSON.stringify([folder, float16Name, asked]);
  function expectOurs(printed: string): void {
    for (const theirs of JSON.parse(printed) as number[][]) {
      expect(theirs).toHaveLength(ours.length);
      expect(Math.max(...theirs.map((value, i) => Math.abs(value - ours[i]!)))).toBeLessThan(TOLERANCE);
    }
  }

  it('says nearly what it says in float32', async () => {
    const float32 = await predictTexts(folder, asked, { maxLength: 32, threads: 1 });
    const changes = float32.map((value, i) => Math.abs(value - ours[i]!));
    expect(Math.max(...changes)).toBeGreaterThan(0);
    expect(Math.max(...changes)).toBeLessThan(2e-3);
  });

  it('has half of the bytes, and the same ones each time', async () => {
    const again = join(folder, 'again', float16DataName);
    mkdirSync(dirname(again), { recursive: true });
    const model = await float16ModelOf(folder, again);
    expect(Buffer.from(model).equals(readFileSync(join(folder, float16Name)))).toBe(true);
    expect(sha256(again)).toBe(sha256(join(folder, float16DataName)));
    // Of so small a model vectors, and what lies between tensors, are a good part.
    const share = statSync(again).size / statSync(join(folder, 'model.safetensors')).size;
    expect(share).toBeGreaterThan(0.35);
    expect(share).toBeLessThan(0.52);
  });

  it.skipIf(noPython)(
    `gives our probabilities in Python's onnxruntime, with and without its optimisations${withoutPython}`,
    () => {
      const env = { ...process.env, HF_HUB_OFFLINE: '1' };
      expectOurs(execFileSync(python, ['-c', inPython, given()], { env }).toString());
    },
    120_000,
  );

  it.skipIf(noBrowserLibrary)(
    `gives our probabilities in transformers.js as fp16${withoutLibrary}`,
    () => {
      const args = ['--input-type=module', '-e', inJavaScript, given()];
      expectOurs(execFileSync(process.execPath, args, { cwd: place }).toString());
    },
    120_000,
  );

  it('is refused where a weight is beyond float16', async () => {
    const spoilt = modelFolder(
      await trainFold(job(type, {}, { epochs: 1 }), () => undefined, never),
      `beyond-${type}`,
    );
    const path = join(spoilt, 'model.safetensors');
    const bytes = readFileSync(path);
    const start = 8 + Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<
      string,
      { data_offsets: [number, number] }
    >;
    bytes.writeFloatLE(-65_521, start + header['classifier.weight']!.data_offsets[0]);
    writeFileSync(path, bytes);
    await expect(float16ModelOf(spoilt, join(spoilt, float16DataName))).rejects.toThrow(
      /weight classifier\.weight does not go into float16.*-65521.*--float16/s,
    );
  }, 120_000);
});

describe('a graph with weights in float16', () => {
  it('looks rows up before they are cast, and casts a weight once', () => {
    const graph = new Graph();
    const table = graph.initializer('table', 'float32', [8, 4], new Uint8Array(64));
    const weight = graph.initializer('weight', 'float32', [4, 4], new Uint8Array(32));
    const bias = graph.initializer('bias', 'float32', [4], new Uint8Array(16));
    const rows = node.gather(graph, table, graph.input('ids', 'int64', ['tokens']));
    const once = node.gemm(graph, rows, weight, bias, { transposeB: true });
    graph.output('twice', node.gemm(graph, once, weight, null, { transposeB: true }));
    castFromFloat16(graph, new Set(['table', 'weight']));
    expect(graph.nodes.map(({ op, inputs }) => [op, inputs[0]?.name.split('_')[0]])).toEqual([
      ['Gather', 'table'],
      ['Cast', 'Gather'],
      ['Cast', 'weight'],
      ['Gemm', 'Gather'],
      ['Gemm', 'Gemm'],
    ]);
    expect(graph.initializers.map(({ value }) => value.type)).toEqual(['float16', 'float16', 'float32']);
  });
});
