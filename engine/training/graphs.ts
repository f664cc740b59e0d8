import type { Gradient } from '../autodiff/gradients.js';
import { gradients } from '../autodiff/gradients.js';
import {
  lossScaleInput,
  type DenseGradient,
  type TableGradient,
  type TrainingProgram,
} from '../device/training-program.js';
import type { Graph } from '../graph/graph.js';
import { mostLiveBytes } from '../graph/live-bytes.js';
import { productOperations } from '../graph/product-operations.js';
import { prune } from '../graph/used-nodes.js';
import type { Task } from '../../tasks/task.js';
import type { DrawSettings, LossSettings } from '../losses/settings.js';
import { trainedLoss } from '../losses/trained-loss.js';
import {
  compiled,
  computeIn,
  forwardPass,
  type CompiledGraph,
  type GraphOptions,
} from '../inference/graphs.js';
import { pooledInput } from '../inference/reading.js';
import type { Classifier } from '../models/family.js';
import { cutInput, type Parameter } from '../nn/scope.js';
import {
  allLayersAlike,
  grouped,
  type LayerSettings,
  type ParameterGroup,
} from '../optim/parameter-groups.js';
import { unperturbed, type PerturbationSettings } from '../optim/perturbation.js';

/** Also gives `loss` and the gradients. */
export interface TrainingGraph extends CompiledGraph, TrainingProgram {
  readonly parameters: readonly GroupedParameter[];
  readonly dropoutSites: CompiledGraph['dropoutSites'];
  /** The most bytes of values of a run at once, but for what the host holds; by the named sizes. */
  readonly liveBytes: (sizes: Readonly<Record<string, number>>) => number;
  /** Floating point operations of the matrix products of a run; by the named sizes. */
  readonly operations: (sizes: Readonly<Record<string, number>>) => number;
}

/** A parameter, and how a step treats it: one that is trained has a gradient. */
export interface GroupedParameter extends Parameter {
  readonly group: ParameterGroup;
}

export interface TrainingGraphOptions {
  readonly loss: Task['loss'];
  /** Default: as the task has it. */
  readonly lossSettings?: LossSettings;
  readonly dropout: boolean;
  /** Default: one of each. */
  readonly draws?: DrawSettings;
  /** Default: all layers alike. What lies below a cut gets no gradient. */
  readonly layers?: LayerSettings;
  /** Default: none. */
  readonly perturbation?: PerturbationSettings;
  /** Whether the backward pass computes each layer again instead of keeping it. Default false. */
  readonly checkpointing?: boolean;
  /** Whether the gradients are multiplied by a loss scale that is fed. Default false. */
  readonly scaled?: boolean;
}

/** Packed batch, weights → `below` `[tokens, hidden]`: what a model that is cut begins with above the cut. */
export function graphBelowCut(
  classifier: Classifier,
  options: GraphOptions,
): CompiledGraph & Pick<TrainingGraph, 'operations'> {
  const forward = forwardPass(classifier, options);
  const { model, graph } = forward;
  if (model.cut === null || model.cut.below === null) throw new TypeError('the model is not cut');
  graph.output('below', model.cut.below);
  prune(graph);
  // What the other part begins with is no input of this one.
  graph.inputs.splice(
    graph.inputs.findIndex(({ name }) => name === cutInput),
    1,
  );
  computeIn(options.precision, forward);
  return {
    ...compiled(forward, `${classifier.modelType}-below`),
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
  const samples = options.draws?.dropoutSamples ?? 1;
  const forward = forwardPass(classifier, options, options.dropout ? { samples } : null);
  const { model, graph, tape, draws } = forward;
  const rows = classifier.windows === undefined ? 'texts' : pooledInput.rows;
  const targets = graph.input('targets', 'float32', [rows, classifier.labels]);
  const alpha = options.draws?.rDrop ?? 0;
  const twins = alpha === 0 ? null : { alpha, rows: graph.input('twins', 'int64', [rows]) };
  const loss = trainedLoss(tape, options.loss, { draws, targets, twins }, options.lossSettings);
  graph.output('loss', loss);
  const { checkpointing = false, scaled = false } = options;
  const seed = scaled ? graph.input(lossScaleInput, 'float32', []) : null;
  const dense: DenseGradient[] = [];
  const tables: TableGradient[] = [];
  const outputOf = new Map<string, string>();
  const { layers = allLayersAlike, perturbation = unperturbed } = options;
  const freezeLayers = model.cut?.layers ?? layers.freezeLayers;
  const parameters = grouped(model.parameters, {
    ...classifier,
    layers: { ...layers, freezeLayers },
    perturbation,
  });
  const values = parameters.flatMap(({ value, group }) => (group.trained ? [value] : []));
  for (const [name, gradient] of gradients(tape, loss, values, { checkpointing, seed })) {
    if (gradient.kind === 'dense') {
      const output = `gradient:${name}`;
      graph.output(output, gradient.value);
      dense.push({ parameter: name, output });
    } else {
      const output = rowsOutput(graph, outputOf, name, gradient);
      tables.push({ name, ids: gradient.ids.name, rows: output, width: gradient.rows.shape[1] as number });
    }
  }
  if (model.cut !== null) prune(graph);
  computeIn(options.precision, forward);
  return {
    ...compiled(forward, `${classifier.modelType}-training`, checkpointing),
    liveBytes: (sizes) => mostLiveBytes(graph, sizes, (output) => output !== 'loss'),
    operations: (sizes) => productOperations(graph, sizes),
    gradients: dense,
    tables,
    parameters,
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
