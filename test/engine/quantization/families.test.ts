import { describe, expect, it } from 'vitest';
import { quantizedModel } from '../../../engine/export/onnx-export.js';
import { ClassifierRun } from '../../../engine/inference/classifier-run.js';
import { int8Graph } from '../../../engine/inference/graphs.js';
import { CpuDevice } from '../../../engine/device/cpu/device.js';
import { openRuntime } from '../../../engine/runtime/open.js';
import type { Tensor } from '../../../engine/runtime/runtime.js';
import { goldenBatches, goldenClassifier, goldenModels, goldenTensors } from '../models/golden-model.js';

/**
 * Of the spread of a model's logits: networks of random weights, 32 wide, whose few entries average no error away. Where
 * the rounding of two runs falls on either side of a half, one differs from the other by a step.
 */
const OF_SPREAD = 0.08;
const BETWEEN_GRAPHS = 0.005;

describe.each(goldenModels)('%s in 8 bits', (model) => {
  const classifier = goldenClassifier(model);
  const batches = Object.values(goldenBatches(model));

  async function weights(): Promise<(name: string) => Uint8Array> {
    const tensors = await goldenTensors(model, 'model.safetensors');
    return (name) => new Uint8Array((tensors.get(name) as Float32Array).buffer);
  }

  it('says nearly what it says in float32, packed as we run it and padded as others do', async () => {
    const constants = await weights();
    const graph = int8Graph(classifier, { groups: 1, vocabulary: classifier.vocabulary, constants });
    const runtime = openRuntime();
    const packed = new ClassifierRun({
      device: new CpuDevice(1),
      classifier,
      vocabulary: classifier.vocabulary,
      graphOf: () => graph,
      weights: { data: constants },
    });
    const padded = await runtime.createSession(quantizedModel(classifier, constants), { threads: 1 });
    const expected = batches.flatMap(({ float64 }) => float64.logits.flat());
    const spread = Math.max(...expected) - Math.min(...expected);
    for (const { tokens, float64 } of batches) {
      const ours = await packed.logits(tokens.map((text) => Int32Array.from(text)));
      const length = Math.max(...tokens.map((text) => text.length)) + 2;
      const matrix = (entry: (text: readonly number[], place: number) => number): Tensor => {
        const data = tokens.flatMap((text) =>
          Array.from({ length }, (_, place) => BigInt(entry(text, place))),
        );
        return runtime.tensor('int64', [tokens.length, length], BigInt64Array.from(data));
      };
      const feeds = {
        input_ids: matrix((text, place) => text[place] ?? 0),
        attention_mask: matrix((text, place) => Number(place < text.length)),
        ...(classifier.tokenTypes === 'fed' ? { token_type_ids: matrix(() => 0) } : {}),
      };
      const { logits } = await padded.run(feeds, { logits: null });
      const theirs = logits!.data as Float32Array;
      float64.logits.flat().forEach((value, i) => {
        expect(Math.abs(ours[i]! - value), `logit ${i}`).toBeLessThan(OF_SPREAD * spread);
        expect(Math.abs(ours[i]! - theirs[i]!), `logit ${i}`).toBeLessThan(BETWEEN_GRAPHS * spread);
      });
      for (const tensor of [...Object.values(feeds), logits!]) tensor.release();
    }
    packed.release();
    padded.release();
  });

  it('is the same bytes each time', async () => {
    const once = quantizedModel(classifier, await weights());
    expect(Buffer.compare(once, quantizedModel(classifier, await weights()))).toBe(0);
    const graph = int8Graph(classifier, {
      groups: 1,
      vocabulary: classifier.vocabulary,
      constants: await weights(),
    });
    expect(graph.parameters).toEqual([]);
  });
});
