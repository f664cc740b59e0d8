import type { Gradient } from '../autodiff/gradients.js';
import { gradients } from '../autodiff/gradients.js';
import type { Value } from '../graph/graph.js';
import { Graph } from '../graph/graph.js';
import { mostLiveBytes } from '../graph/live-bytes.js';
import { productOperations } from '../graph/product-operations.js';
import { toOnnx } from '../graph/onnx.js';
import { prune } from '../graph/used-nodes.js';
import type { Task } from '../../tasks/task.js';
import type { DrawSettings, LossSettings } from '../losses/settings.js';
import { oneDraw } from '../losses/settings.js';
import { trainedLoss } from '../losses/trained-loss.js';
import { Depths } from './depths.js';
import { pooledInput } from './reading.js';
import type { Classifier } from '../models/family.js';
import { packedInputs } from '../nn/packing.js';
import type { DropoutSite, Parameter } from '../nn/scope.js';
import { cutInput, ModelBuilder } from '../nn/scope.js';
import { Tape } from '../ops/tape.js';

/** A model as bytes for the runtime, and what the host has to feed and to fetch. */
export interface CompiledGraph {
  readonly bytes: Uint8Array;
  readonly parameters: readonly Parameter[];
  readonly dropoutSites: readonly DropoutSite[];
  /** The named sizes that are inputs `dim:<name>`. */
  readonly dims: readonly string[];
}

/** Also gives `loss`, and `gradient:<parameter>` for every dense gradient. */
export interface TrainingGraph extends CompiledGraph {
  /** The most bytes of values of a run at once, but for what the host holds; by the named sizes. */
  readonly liveBytes: (sizes: Readonly<Record<string, number>>) => number;
  /** Floating point operations of the matrix products of a run; by the named sizes. */
  readonly operations: (sizes: Readonly<Record<string, number>>) => number;
  /** Names of the parameters that have a gradient. */
  readonly trained: ReadonlySet<string>;
  /** Tables by name: the input with their ids, the output with the gradients of the looked-up rows. */
  readonly tables: readonly TableGradient[];
}

export interface TableGradient {
  readonly name: string;
  readonly ids: string;
  readonly rows: string;
  readonly width: number;
}

/** Elements for the gradients of all rows that a batch looks up. */
export function rowScratchOf(tables: readonly TableGradient[], mostTokens: number): number {
  const widths = new Map(tables.map(({ rows, width }) => [rows, width]));
  return mostTokens * [...widths.values()].reduce((sum, width) => sum + width, 0);
}

export interface GraphOptions {
  /** Groups of similar length inside attention. */
  readonly groups: number;
  /** Rows of the word embedding. */
  readonly vocabulary: number;
}

export interface TrainingGraphOptions {
  readonly loss: Task['loss'];
  /** Default: as the task has it. */
  readonly lossSettings?: LossSettings;
  readonly dropout: boolean;
  /** Default: one of each. */
  readonly draws?: DrawSettings;
  /**
   * The lowest layers that get no gradient, with what lies below them; null, the default: all get one, or all above
   * the cut.
   */
  readonly freezeLayers?: number | null;
  /** Whether the backward pass computes each layer again instead of keeping it. Default false. */
  readonly checkpointing?: boolean;
}

/** Packed batch, weights → `logits` `[texts, labels]`, of texts in windows `[rows, labels]`. */
export function inferenceGraph(classifier: Classifier, options: GraphOptions): CompiledGraph {
  const { model, graph, draws } = forward(classifier, options, false);
  graph.output('logits', draws[0] as Value);
  if (model.cut !== null) prune(graph);
  return compiled(graph, model, `${classifier.modelType}-inference`);
}

/** Packed batch, weights → `below` `[tokens, hidden]`: what a model that is cut begins with above the cut. */
export function graphBelowCut(
  classifier: Classifier,
  options: GraphOptions,
): CompiledGraph & Pick<TrainingGraph, 'operations'> {
  const { model, graph } = forward(classifier, options, false);
  if (model.cut === null || model.cut.below === null) throw new TypeError('the model is not cut');
  graph.output('below', model.cut.below);
  prune(graph);
  // What the other part begins with is no input of this one.
  graph.inputs.splice(
    graph.inputs.findIndex(({ name }) => name === cutInput),
    1,
  );
  return {
    ...compiled(graph, model, `${classifier.modelType}-below`),
    operations: (sizes) => productOperations(graph, sizes),
  };
}

/**
 * Packed batch, weights, targets, dropout masks → `loss` and every gradient. Where each text passes twice, the batch
 * has it twice, and `twins` names the row of the other pass.
 */
export function trainingGraph(
  classifier: Classifier,
  options: GraphOptions & TrainingGraphOptions,
): TrainingGraph {
  const { model, graph, tape, draws } = forward(classifier, options, options.dropout, options.draws);
  const rows = classifier.windows === undefined ? 'texts' : pooledInput.rows;
  const targets = graph.input('targets', 'float32', [rows, classifier.labels]);
  const alpha = options.draws?.rDrop ?? 0;
  const twins = alpha === 0 ? null : { alpha, rows: graph.input('twins', 'int64', [rows]) };
  const loss = trainedLoss(tape, options.loss, { draws, targets, twins }, options.lossSettings);
  graph.output('loss', loss);
  const { checkpointing = false } = options;
  const tables: TableGradient[] = [];
  const outputOf = new Map<string, string>();
  const depths = new Depths(model.parameters);
  const { trains = () => true } = classifier;
  const freezeLayers = model.cut?.layers ?? options.freezeLayers ?? null;
  const trained = model.parameters.filter(({ name }) => trains(name) && !depths.isFrozen(name, freezeLayers));
  const values = trained.map(({ value }) => value);
  for (const [name, gradient] of gradients(tape, loss, values, checkpointing)) {
    if (gradient.kind === 'dense') graph.output(`gradient:${name}`, gradient.value);
    else {
      const output = rowsOutput(graph, outputOf, name, gradient);
      tables.push({ name, ids: gradient.ids.name, rows: output, width: gradient.rows.shape[1] as number });
    }
  }
  if (model.cut !== null) prune(graph);
  return {
    ...compiled(graph, model, `${classifier.modelType}-training`, checkpointing),
    liveBytes: (sizes) => mostLiveBytes(graph, sizes, (output) => output !== 'loss'),
    operations: (sizes) => productOperations(graph, sizes),
    tables,
    trained: new Set(trained.map(({ name }) => name)),
  };
}

/** Tables that are summed share one gradient: it is an output once. */
function rowsOutput(
  graph: Graph,
  outputOf: Map<string, string>,
  name: string,
  gradient: Gradient & { kind: 'rows' },
): string {
  const known = outputOf.get(gradient.rows.name);
  if (known !== undefined) return known;
  const output = `rows:${name}`;
  outputOf.set(gradient.rows.name, output);
  graph.output(output, gradient.rows);
  return output;
}

function forward(
  classifier: Classifier,
  { groups, vocabulary }: GraphOptions,
  dropout: boolean,
  { dropoutSamples } = oneDraw,
) {
  const graph = new Graph();
  const tape = new Tape(graph);
  const model = new ModelBuilder(tape, dropout, { dropoutSamples });
  const { relativePositions, window, averaged, neighbours } = classifier;
  const features = { relative: relativePositions !== null, windowed: window !== null, averaged, neighbours };
  const batch = packedInputs(graph, { groups, ...features });
  return { graph, tape, model, draws: classifier.build(model, batch, vocabulary) };
}

function compiled(graph: Graph, model: ModelBuilder, name: string, early = false): CompiledGraph {
  return {
    bytes: toOnnx(graph, name, early),
    parameters: model.parameters,
    dropoutSites: model.dropoutSites,
    dims: graph.inputs.flatMap((input) => (input.name.startsWith('dim:') ? [input.name.slice(4)] : [])),
  };
}
