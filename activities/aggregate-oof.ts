import { Context } from '@temporalio/activity';
import { InputFault } from '../errors/fault.js';
import { ensembleOf } from '../pipeline/ensemble.js';
import { foldTotal } from '../pipeline/folds.js';
import { axesOf, combinationsOf } from '../pipeline/matrix.js';
import { idColumn, type Pipeline } from '../pipeline/pipeline.js';
import type { StepActivities, StepCall } from './contracts.js';
import type { Dataset, OutOfFold, TrainedCell } from './outputs.js';
import { localPaths } from './local-paths.js';
import { recorded } from './recorded.js';
import { withScratch } from './scratch.js';
import type { Services } from './services.js';
import type { AggregateRequest } from './tables/aggregate-folds.js';

type Call = StepCall<{ data: Dataset; fold: readonly TrainedCell[] }>;

/**
 * Joins the predictions of all folds: each row's from the fold that did not train on it. Of several members so
 * for each, and then by weights into those of their ensemble.
 */
export function aggregateOof(services: Services): StepActivities['aggregateOof'] {
  return recorded(services, 'aggregateOof', (call: Call) => aggregate(services, call));
}

async function aggregate(services: Services, call: Call): Promise<OutOfFold> {
  const { pipeline, inputs } = call;
  const { store } = services;
  const { kept, dropped } = joinedMembers(call);
  const several = kept.length + dropped.length > 1;
  const all = kept.flatMap(({ cells }) => cells);
  const paths = await localPaths(
    store,
    all.flatMap(({ rows, probabilities }) => [rows, probabilities]),
  );
  const files = all.map((_, place) => ({ rows: paths[2 * place]!, probabilities: paths[2 * place + 1]! }));
  const members = kept.map(({ cells }) => ({ folds: files.splice(0, cells.length) }));
  const names = ['probabilities', 'csv', ...(several ? kept.flatMap((_, place) => namesOf(place)) : [])];
  return withScratch(services, names, async (scratch) => {
    const output = { probabilities: scratch['probabilities']!, csv: scratch['csv']! };
    const outputs = kept.map((_, place) => {
      const [probabilities, csv] = namesOf(place);
      return { probabilities: scratch[probabilities]!, csv: scratch[csv]! };
    });
    const { method } = ensembleOf(pipeline);
    const request: AggregateRequest = {
      table: await store.localPath(inputs.data.table),
      trainIds: await store.localPath(inputs.data.trainIds),
      id: idColumn(pipeline.data),
      labels: pipeline.labels,
      task: pipeline.task,
      members,
      ...(several ? { ensemble: { method, outputs } } : {}),
      output,
    };
    const signal = Context.current().cancellationSignal;
    const { rowsWithoutOof, weights } = await services.tables.run('aggregate', request, signal);
    const keep = async (files: { probabilities: string; csv: string }) => ({
      probabilities: await store.putFile(files.probabilities, { move: true }),
      csv: await store.putFile(files.csv, { move: true }),
    });
    const joined = {
      ...(await keep(output)),
      rowsWithoutOof,
      skippedFolds: lacking(pipeline, all),
    };
    if (weights === undefined) return joined;
    const told: NonNullable<OutOfFold['ensemble']>['members'][number][] = [];
    for (const [place, { id, skippedFolds }] of kept.entries()) {
      told.push({ id, skippedFolds, ...(await keep(outputs[place]!)) });
    }
    const left = dropped.map(({ id, skippedFolds }) => ({ id, skippedFolds }));
    return { ...joined, ensemble: { method, members: told, dropped: left, weights } };
  });
}

function namesOf(place: number): [probabilities: string, csv: string] {
  return [`probabilities-${place + 1}`, `csv-${place + 1}`];
}

interface MemberCells {
  readonly id: string;
  readonly cells: readonly TrainedCell[];
  readonly skippedFolds: readonly number[];
}

/**
 * The members that are joined, and those that are left out: without any fold, or without some where the
 * pipeline says so.
 *
 * @throws InputFault where none is left
 */
function joinedMembers({ step, pipeline, inputs }: Call): { kept: MemberCells[]; dropped: MemberCells[] } {
  const { incomplete } = ensembleOf(pipeline);
  const members = combinationsOf(axesOf(pipeline)).map(({ id }) => {
    const cells = inputs.fold.filter(({ member }) => member === id);
    return { id, cells, skippedFolds: lacking(pipeline, cells) };
  });
  if (members.length === 1) return { kept: members, dropped: [] };
  const isKept = ({ cells, skippedFolds }: MemberCells): boolean =>
    cells.length > 0 && (incomplete === 'keep' || skippedFolds.length === 0);
  const kept = members.filter(isKept);
  if (kept.length > 0) return { kept, dropped: members.filter((member) => !isKept(member)) };
  throw new InputFault({
    where: step,
    what: 'no member of the ensemble has all its folds, and those that lack some are left out',
    remedy: 'Set ensemble.incomplete to keep, or run again what was skipped.',
  });
}

function lacking({ folds }: Pipeline, cells: readonly TrainedCell[]): number[] {
  const trained = new Set(cells.map(({ fold }) => fold));
  return Array.from({ length: foldTotal(folds) }, (_, index) => index + 1).filter(
    (fold) => !trained.has(fold),
  );
}
