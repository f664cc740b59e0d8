import { inline } from '../engine/graph/inline.js';
import { Graph, type Value } from '../engine/graph/graph.js';
import type { Initializer } from '../engine/graph/graph.js';
import { toOnnx } from '../engine/graph/onnx.js';
import { exportedGraph, inputNames } from '../engine/export/onnx-export.js';
import type { Classifier } from '../engine/models/family.js';
import type { Joining } from './joined.js';
import { joinedGraph } from './joined-graph.js';

/** A model that becomes a part of the graph. */
export interface GraphModel {
  readonly classifier: Classifier;
  /** Where a parameter's bytes are, relative to the folder of the graph. */
  readonly weights: (name: string) => Initializer['data'];
}

/**
 * The whole ensemble as one ONNX model: `input_ids`, `attention_mask` (and `token_type_ids`, where a model takes
 * them), int64 `[batch, sequence]`, padded on the right → `probabilities` float32 and `decisions` int64
 * `[batch, labels]`.
 *
 * @param models member by member; all take the same tokens
 */
export function ensembleGraph(joining: Joining, models: readonly GraphModel[]): Uint8Array {
  const graph = new Graph();
  const withTypes = models.some(({ classifier }) => classifier.tokenTypes === 'fed');
  const names = inputNames({ tokenTypes: withTypes ? 'fed' : 'absent' });
  const inputs = Object.fromEntries(
    names.map((name) => [name, graph.input(name, 'int64', ['batch', 'sequence'])]),
  );
  const logits = models.map(({ classifier, weights }, place): Value => {
    const model = exportedGraph(classifier, weights);
    const { logits } = inline(graph, model, `model${place + 1}/`, inputs);
    return { ...logits!, shape: ['batch', classifier.labels] };
  });
  const { probabilities, decisions } = joinedGraph(graph, joining, logits);
  graph.output('probabilities', probabilities);
  graph.output('decisions', decisions);
  return toOnnx(graph, 'ensemble');
}
