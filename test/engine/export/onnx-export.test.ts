import { describe, expect, it } from 'vitest';
import { openRuntime } from '../../../engine/runtime/open.js';
import type { Tensor } from '../../../engine/runtime/runtime.js';
import { exportedModel } from '../../../engine/export/onnx-export.js';
import type { GoldenBatch } from '../models/golden-model.js';
import {
  goldenClassifier,
  goldenJson,
  goldenModels,
  goldenPadding,
  goldenTensors,
} from '../models/golden-model.js';

/** As for the packed model: float32 rounding over a few layers. */
const LOGITS = 5e-6;

describe.each(goldenModels)('%s as others run it from ONNX', (model) => {
  const { batches } = goldenJson<{ batches: Record<string, GoldenBatch> }>(model, 'cases.json');

  it('gives the logits of transformers for padded texts', async () => {
    const runtime = openRuntime();
    const classifier = goldenClassifier(model);
    const weights = await goldenTensors(model, 'model.safetensors');
    const bytes = exportedModel(
      classifier,
      (name) => new Uint8Array((weights.get(name) as Float32Array).buffer),
    );
    const session = await runtime.createSession(bytes, { threads: 2 });
    const padding = goldenPadding(model);
    const cases = [
      ...Object.entries(batches).map(([name, { tokens, float64 }]) => ({
        name,
        tokens,
        expected: float64.logits,
      })),
      ...(padding === null
        ? []
        : [{ name: 'padding within', tokens: padding.tokens, expected: padding.logits }]),
    ];
    for (const { name, tokens, expected } of cases) {
      const length = Math.max(...tokens.map((text) => text.length)) + 2;
      const matrix = (entry: (text: readonly number[], place: number) => number): Tensor => {
        const data = tokens.flatMap((text) =>
          Array.from({ length }, (_, place) => BigInt(entry(text, place))),
        );
        return runtime.tensor('int64', [tokens.length, length], BigInt64Array.from(data));
      };
      const feeds: Record<string, Tensor> = {
        input_ids: matrix((text, place) => text[place] ?? 0),
        attention_mask: matrix((text, place) => Number(place < text.length)),
        ...(classifier.tokenTypes === 'fed' ? { token_type_ids: matrix(() => 0) } : {}),
      };
      const { logits } = await session.run(feeds, { logits: null });
      expected.flat().forEach((value, i) => {
        expect(Math.abs(((logits as Tensor).data[i] as number) - value), `${name}, entry ${i}`).toBeLessThan(
          LOGITS,
        );
      });
      [...Object.values(feeds), logits as Tensor].forEach((tensor) => tensor.release());
    }
    session.release();
  });
});
