import { processor, type DeviceName } from '../engine/device/device.js';
import type { ComputePrecision } from '../engine/precision/precision.js';
import type { EnsembleDefinition, EnsembleMember } from '../ensemble/definition.js';
import { modelsOf } from '../ensemble/definition.js';
import type { StoredEnsemble } from '../ensemble/stored-ensemble.js';
import { InputFault } from '../errors/fault.js';
import type { Cell } from '../pipeline/matrix.js';
import { membersOf } from '../pipeline/members.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { idColumn } from '../pipeline/pipeline.js';
import { eachOf } from '../store/each-of.js';
import { calibratorsOf, type Calibrators } from './calibrators.js';
import { withScratch } from './scratch.js';
import type { Predictor, Services } from './services.js';
import type { SubmissionRequest } from './tables/submission.js';

/** What of a run makes its ensemble. */
export interface EnsembleSource {
  readonly pipeline: Pipeline;
  readonly thresholds: Readonly<Record<string, number>>;
  /** Where the run calibrates its probabilities: how those of each label are. */
  readonly calibrators?: Calibrators;
  readonly cells: readonly Cell[];
  /** By member, where there are several; those without any are not asked. */
  readonly weights?: Readonly<Record<string, number>>;
  /** The folder of a cell's exported model. */
  readonly modelOf: (cell: Cell) => string | Promise<string>;
  /** What a cell's model computes in. Default float32. */
  readonly computedIn?: (cell: Cell) => ComputePrecision;
}

/**
 * The mean of all folds' models, of several members the weighted sum of their means.
 *
 * @throws InputFault for a label without a threshold or calibrator, or where there is no model
 */
export async function ensembleOf(source: EnsembleSource): Promise<EnsembleDefinition> {
  const { pipeline, thresholds, calibrators, modelOf, computedIn } = source;
  const { task, labels, model } = pipeline;
  const lengths = new Map(membersOf(pipeline).map(({ id, pipeline: { model } }) => [id, model.maxLength]));
  const members: EnsembleMember[] = [];
  for (const { weight, cells } of weighedMembers(source)) {
    const models = cells.map(async (cell) => ({
      folder: await modelOf(cell),
      maxLength: lengths.get(cell.member) ?? model.maxLength,
      ...(computedIn === undefined ? {} : { computedIn: computedIn(cell) }),
    }));
    members.push({ weight, models: await Promise.all(models) });
  }
  if (members.length === 0) throw new InputFault({ where: 'the ensemble', what: 'it has no models' });
  return {
    task,
    labels,
    thresholds: thresholdsOf(labels, thresholds),
    ...(calibrators === undefined ? {} : { calibrators: calibratorsOf(labels, calibrators) }),
    members,
  };
}

/** What an ensemble is asked to predict. */
export interface PredictionRequest {
  readonly ensemble: EnsembleDefinition;
  /** Which columns the tables that are written have. */
  readonly columns: Pick<StoredEnsemble['columns'], 'id' | 'target'>;
  /** The rows: a prepared test table. */
  readonly table: string;
  readonly threads: number;
  /** What computes. Default the processor. */
  readonly device?: DeviceName | undefined;
  readonly signal: AbortSignal;
  /** The tables that are to be written: labels decided by the thresholds, and probabilities. */
  readonly output: { readonly submission?: string; readonly predictions?: string };
  /** Told after each model how many of all that are asked have scored the rows. */
  readonly onScored?: (models: number, all: number) => void;
  /** Told now and then of how many rows the scores are there, as a mean over the models. */
  readonly onRows?: (rows: number) => void;
}

type EnsembleServices = Pick<Services, 'predictor' | 'tables' | 'slots' | 'scratch'>;

/** An ensemble whose models have scored: of each model the file of its probabilities. */
export type ScoredEnsemble = SubmissionRequest['ensemble'];

/** Has every model score rows, and does work with what they gave. */
export async function withModelScores<T>(
  services: EnsembleServices,
  {
    ensemble,
    table,
    threads,
    device = processor,
    signal,
    onScored,
    onRows,
  }: Pick<PredictionRequest, 'ensemble' | 'table' | 'threads' | 'device' | 'signal' | 'onScored' | 'onRows'>,
  work: (scored: ScoredEnsemble) => Promise<T>,
): Promise<T> {
  const models = modelsOf(ensemble);
  const { precision } = ensemble;
  const names = models.map((_, place) => `probabilities-${place + 1}`);
  let scored = 0;
  const rowsOf = models.map(() => 0);
  const told = (place: number) => (rows: number) => {
    rowsOf[place] = rows;
    onRows?.(rowsOf.reduce((sum, each) => sum + each, 0) / models.length);
  };
  return withScratch(services, names, async (paths) => {
    // A card has memory for one model's weights and batches, and does one thing at a time.
    const atOnce = device === processor ? services.slots : 1;
    const predictor = new FittingPredictor(services.predictor);
    await eachOf(models.entries(), atOnce, async ([place, { folder, maxLength, computedIn }]) => {
      const files = { table, output: paths[names[place]!]! };
      const options = { maxLength, threads, precision, computedIn, device, signal, onRows: told(place) };
      await predictor.predict(folder, files, options);
      onScored?.(++scored, models.length);
    });
    const files = names.map((name) => paths[name]!);
    const members = ensemble.members.map(({ weight, models }) => ({
      weight,
      models: files.splice(0, models.length),
    }));
    return work({ ...ensemble, members });
  });
}

type PredictArguments = Parameters<Predictor['predict']>;

/**
 * Predicts by one model after the other, and where a batch does not fit a card's memory starts again with smaller ones:
 * the models after it are mostly like it, and begin with these.
 */
class FittingPredictor {
  private halvings = 0;

  constructor(private readonly predictor: Predictor) {}

  async predict(...[folder, files, options]: PredictArguments): Promise<void> {
    for (;;) {
      const { halvings } = this;
      try {
        return await this.predictor.predict(folder, files, { ...options, halvings });
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'BatchTooLarge') throw error;
        this.halvings = halvings + 1;
      }
    }
  }
}

/** Predicts rows by an ensemble: those of a run's test table and those of any other. */
export async function predictRows(
  services: EnsembleServices,
  request: PredictionRequest,
): Promise<{ readonly rows: number; readonly models: number }> {
  const { columns, table, output, signal } = request;
  return withModelScores(services, request, async (ensemble) => {
    const submission = {
      test: table,
      ensemble,
      id: idColumn(columns),
      ...(columns.target === undefined ? {} : { target: columns.target }),
      output,
    };
    const { rows } = await services.tables.run('submit', submission, signal);
    return { rows, models: modelsOf(request.ensemble).length };
  });
}

/** Without weights all cells are one member's. */
function weighedMembers({ cells, weights }: EnsembleSource): { weight: number; cells: readonly Cell[] }[] {
  const members =
    weights === undefined
      ? [{ weight: 1, cells }]
      : Object.entries(weights).map(([id, weight]) => ({
          weight,
          cells: cells.filter(({ member }) => member === id),
        }));
  return members.filter((member) => member.weight > 0 && member.cells.length > 0);
}

function thresholdsOf(labels: readonly string[], thresholds: EnsembleSource['thresholds']): number[] {
  return labels.map((label) => {
    const threshold = Object.hasOwn(thresholds, label) ? thresholds[label] : undefined;
    if (threshold !== undefined) return threshold;
    throw new InputFault({
      where: 'the thresholds',
      what: `there is none for the label ${JSON.stringify(label)}`,
      found: Object.keys(thresholds).slice(0, 20).join(', '),
      expected: 'one for each label of the pipeline',
    });
  });
}
