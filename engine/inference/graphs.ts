import { declared } from '../batches/batch-feature.js';
import { packedBatch } from '../batches/packed-features.js';
import { programOf, type Program } from '../device/program.js';
import type { Initializer, Value } from '../graph/graph.js';
import { Graph } from '../graph/graph.js';
import { selectRowsEarly } from '../graph/row-selection.js';
import { prune } from '../graph/used-nodes.js';
import type { Classifier } from '../models/family.js';
import type { PackedBatch } from '../nn/packing.js';
import { useMixedPrecision } from '../precision/mixed-precision.js';
import type { ComputePrecision } from '../precision/precision.js';
import { quantize } from '../quantization/quantize.js';
import { numbered, type NumberedSite } from '../nn/dropout-sites.js';
import type { Parameter } from '../nn/scope.js';
import { asConstants, ModelBuilder } from '../nn/scope.js';
import { Tape } from '../ops/tape.js';

/** A model for the device, and what the host has to feed and to fetch. */
export interface CompiledGraph extends Program {
  readonly parameters: readonly Parameter[];
  /** In the order of their numbers. */
  readonly dropoutSites: readonly NumberedSite[];
}

export interface GraphOptions {
  /** Groups of similar length inside attention. */
  readonly groups: number;
  /** Rows of the word embedding. */
  readonly vocabulary: number;
  /** Where a parameter's bytes are, of a graph that has its weights as constants. By default they are inputs. */
  readonly constants?: (name: string) => Initializer['data'];
  /** What its products are computed in. Default float32. */
  readonly precision?: ComputePrecision;
}

/** Packed batch, weights → `logits` `[texts, labels]`, of texts in windows `[rows, labels]`. */
export function inferenceGraph(classifier: Classifier, options: GraphOptions): CompiledGraph {
  const forward = forwardPass(classifier, options);
  const { graph, model, draws } = forward;
  graph.output('logits', draws[0] as Value);
  if (model.cut !== null) prune(graph);
  // A fold judges by the bits of the graph as it is recorded.
  if (options.constants !== undefined) selectRowsEarly(graph, forward.batch.firstToken, 'tokens');
  computeIn(options.precision, forward);
  return compiled(forward, `${classifier.modelType}-inference`);
}

/** As `inferenceGraph`, with the weights in it and its products in 8 bits. */
export function int8Graph(
  classifier: Classifier,
  options: GraphOptions & Required<Pick<GraphOptions, 'constants'>>,
): CompiledGraph {
  const forward = forwardPass(classifier, options);
  const { graph, draws } = forward;
  graph.output('logits', draws[0] as Value);
  quantize(graph, classifier.wordEmbedding);
  selectRowsEarly(graph, forward.batch.firstToken, 'tokens');
  return { ...compiled(forward, `${classifier.modelType}-int8`), parameters: [] };
}

/** A model's forward pass over a packed batch, as it is recorded. */
export interface Forward {
  readonly graph: Graph;
  readonly tape: Tape;
  readonly model: ModelBuilder;
  readonly batch: PackedBatch;
  /** `[texts, labels]` each: one for each draw of the dropout before the head. */
  readonly draws: readonly Value[];
}

/** @param dropout is null where nothing is dropped; else how many draws the head's dropout has */
export function forwardPass(
  classifier: Classifier,
  { groups, vocabulary, constants }: GraphOptions,
  dropout: { readonly samples: number } | null = null,
): Forward {
  const graph = new Graph();
  const tape = new Tape(graph);
  const model = new ModelBuilder(tape, dropout !== null, {
    dropoutSamples: dropout?.samples ?? 1,
    ...(constants && { declare: asConstants(graph, constants) }),
  });
  const batch = packedBatch(declared(graph), classifier, groups);
  return { graph, tape, model, batch, draws: classifier.build(model, batch, vocabulary) };
}

/** Has a graph that is recorded, outputs and all, compute in a precision. */
export function computeIn(precision: ComputePrecision = 'float32', { graph, model, draws }: Forward): void {
  if (precision === 'float32') return;
  const weights = new Set(model.parameters.map(({ name }) => name));
  useMixedPrecision(graph, { half: precision, weights, wide: draws });
}

/** @param early whether nodes run as early as they can (graph/onnx.ts) */
export function compiled({ graph, model }: Forward, name: string, early = false): CompiledGraph {
  return {
    ...programOf(graph, name, early),
    parameters: model.parameters,
    dropoutSites: numbered(model.dropoutSites),
  };
}
