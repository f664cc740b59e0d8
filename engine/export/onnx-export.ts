import { computed } from '../batches/batch-feature.js';
import { packedBatch } from '../batches/packed-features.js';
import { PaddedBatch } from '../batches/padded-batch.js';
import type { Initializer, Value } from '../graph/graph.js';
import { Graph } from '../graph/graph.js';
import { toOnnx } from '../graph/onnx.js';
import type { Classifier } from '../models/family.js';
import { asConstants, ModelBuilder } from '../nn/scope.js';
import { castFromFloat16 } from '../quantization/float16.js';
import { quantize } from '../quantization/quantize.js';
import { Tape } from '../ops/tape.js';

/**
 * The classifier as others run it: `input_ids`, `attention_mask` (and `token_type_ids`), int64
 * `[batch, sequence]`, padded on the right → `logits` `[batch, labels]`. The packed model serves: every
 * place is a row, padded or not, and all texts are one group.
 *
 * @param weights where a parameter's bytes are, relative to the folder of the model
 */
export function exportedModel(
  classifier: Classifier,
  weights: (name: string) => Initializer['data'],
): Uint8Array {
  return toOnnx(exportedGraph(classifier, weights), classifier.modelType);
}

/**
 * The same with products in 8 bits: one file, without another beside it.
 *
 * @param weights a parameter's bytes
 */
export function quantizedModel(classifier: Classifier, weights: (name: string) => Uint8Array): Uint8Array {
  const graph = exportedGraph(classifier, weights);
  quantize(graph, classifier.wordEmbedding);
  return toOnnx(graph, `${classifier.modelType}-int8`);
}

/**
 * The same with weights in float16; it computes in float32.
 *
 * @param weights where a parameter's bytes are, relative to the folder of the model
 * @param stored names of those whose bytes are float16's
 */
export function float16Model(
  classifier: Classifier,
  weights: (name: string) => Initializer['data'],
  stored: ReadonlySet<string>,
): Uint8Array {
  const graph = exportedGraph(classifier, weights);
  castFromFloat16(graph, stored);
  return toOnnx(graph, `${classifier.modelType}-float16`);
}

/** The same before it is serialised, to be made a part of another graph. */
export function exportedGraph(classifier: Classifier, weights: (name: string) => Initializer['data']): Graph {
  const graph = new Graph();
  const batch = packedBatch(computed(new PaddedBatch(graph, classifier)), classifier, 1);
  const model = new ModelBuilder(new Tape(graph), false, { declare: asConstants(graph, weights) });
  const [logits] = classifier.build(model, batch, classifier.vocabulary) as [Value];
  graph.output('logits', { ...logits, shape: ['batch', classifier.labels] });
  return graph;
}

/** The exported model's inputs, in the order in which BERT's tokenizer of transformers gives them. */
export function inputNames({ tokenTypes }: Pick<Classifier, 'tokenTypes'>): string[] {
  return ['input_ids', ...(tokenTypes === 'fed' ? ['token_type_ids'] : []), 'attention_mask'];
}
