import { InputFault } from '../errors/fault.js';
import type { Cell } from '../pipeline/matrix.js';
import { membersOf } from '../pipeline/members.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { idColumn } from '../pipeline/pipeline.js';
import { calibratorsOf, type Calibrators } from './calibrators.js';
import { concurrently } from './concurrently.js';
import { withScratch } from './scratch.js';
import type { Services } from './services.js';

/** What the ensemble of a pipeline's folds is asked to predict. */
export interface EnsembleRequest {
  readonly pipeline: Pipeline;
  readonly thresholds: Readonly<Record<string, number>>;
  /** Where the run calibrates its probabilities: how those of each label are. */
  readonly calibrators?: Calibrators;
  /** The rows: a prepared test table. */
  readonly table: string;
  readonly cells: readonly Cell[];
  /** By member, where there are several; those without any are not asked. */
  readonly weights?: Readonly<Record<string, number>>;
  /** The folder of a cell's exported model. */
  readonly modelOf: (cell: Cell) => string | Promise<string>;
  readonly threads: number;
  readonly signal: AbortSignal;
  /** The tables that are to be written: labels decided by the thresholds, and probabilities. */
  readonly output: { readonly submission?: string; readonly predictions?: string };
  /** Told after each model how many of all that are asked have scored the rows. */
  readonly onScored?: (models: number, all: number) => void;
}

type EnsembleServices = Pick<Services, 'predictor' | 'tables' | 'slots' | 'scratch'>;

/**
 * Predicts rows by the mean of all folds' models, of several members by the weighted sum of their means: those
 * of a run's test table and those of any other.
 *
 * @throws InputFault for a label without a threshold or calibrator, or where there is no model
 */
export async function predictRows(
  services: EnsembleServices,
  request: EnsembleRequest,
): Promise<{ readonly rows: number; readonly models: number }> {
  const { pipeline, table, modelOf, threads, signal, output, onScored } = request;
  const members = weighedMembers(request);
  const cells = members.flatMap((member) => member.cells);
  const { task, labels, data } = pipeline;
  const thresholds = thresholdsOf(labels, request.thresholds);
  const calibrators = request.calibrators && calibratorsOf(labels, request.calibrators);
  const lengths = new Map(membersOf(pipeline).map(({ id, pipeline: { model } }) => [id, model.maxLength]));
  if (cells.length === 0) throw new InputFault({ where: 'the ensemble', what: 'it has no models' });
  const names = cells.map((_, place) => `probabilities-${place + 1}`);
  let scored = 0;
  return withScratch(services, names, async (paths) => {
    await concurrently([...cells.entries()], services.slots, async ([place, cell]) => {
      const files = { table, output: paths[names[place]!]! };
      const maxLength = lengths.get(cell.member) ?? pipeline.model.maxLength;
      await services.predictor.predict(await modelOf(cell), files, { maxLength, threads, signal });
      onScored?.(++scored, cells.length);
    });
    const models = names.map((name) => paths[name]!);
    const submission = {
      test: table,
      members: members.map((member) => ({
        weight: member.weight,
        models: models.splice(0, member.cells.length),
      })),
      id: idColumn(data),
      task,
      ...(data.target === undefined ? {} : { target: data.target }),
      labels,
      thresholds,
      ...(calibrators === undefined ? {} : { calibrators }),
      output,
    };
    const { rows } = await services.tables.run('submit', submission, signal);
    return { rows, models: cells.length };
  });
}

/** Without weights all cells are one member's. */
function weighedMembers({ cells, weights }: EnsembleRequest): { weight: number; cells: Cell[] }[] {
  if (weights === undefined) return [{ weight: 1, cells: [...cells] }];
  return Object.entries(weights)
    .map(([id, weight]) => ({ weight, cells: cells.filter(({ member }) => member === id) }))
    .filter((member) => member.weight > 0 && member.cells.length > 0);
}

function thresholdsOf(labels: readonly string[], thresholds: EnsembleRequest['thresholds']): number[] {
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
