import { Context } from '@temporalio/activity';
import type { FoldResult, RunResult } from '../report/run-result.js';
import type { Report, StepActivities, TrainedCell } from './contracts.js';
import { putText } from './json-artifact.js';
import { previousRun } from './previous-run.js';
import { recorded } from './recorded.js';
import { resultWarnings } from './result-warnings.js';
import { withScratch } from './scratch.js';
import type { Services } from './services.js';

type Call = Parameters<StepActivities['writeReport']>[0];

/** Writes down how good the run is: `result.json` for programs, `report.html` for people. */
export function writeReport(services: Services): StepActivities['writeReport'] {
  return recorded(services, 'writeReport', (call: Call) => write(services, call));
}

async function write(services: Services, call: Call): Promise<Report> {
  const { store, tables, versions, runsDirectory } = services;
  const { data, oof } = call.inputs;
  const scored = resultOf(call, versions);
  const result = { ...scored, previous: await previousRun(runsDirectory, scored) };
  const files = {
    table: await store.localPath(data.table),
    probabilities: await store.localPath(oof.probabilities),
  };
  return withScratch(services, ['page'], async ({ page }) => {
    await tables.run('report', { result, ...files, output: page }, Context.current().cancellationSignal);
    return {
      report: await store.putFile(page, { move: true }),
      result: await putText(store, `${JSON.stringify({ ...result, reused: call.reused }, null, 2)}\n`),
    };
  });
}

function resultOf({ run, pipeline, inputs, seconds }: Call, versions: Services['versions']): RunResult {
  const { data, fold, oof, thresholds } = inputs;
  return {
    run,
    pipeline: pipeline.name,
    status: 'completed',
    labels: pipeline.labels,
    rows: data.rows,
    folds: fold.map(foldResult),
    macroF1: thresholds.macroF1,
    thresholds: thresholds.thresholds,
    perLabel: thresholds.perLabel,
    ...(thresholds.classes === undefined ? {} : { classes: thresholds.classes }),
    skippedFolds: oof.skippedFolds,
    rowsWithoutOof: oof.rowsWithoutOof,
    seconds,
    versions,
    warnings: resultWarnings(data, fold, thresholds),
    configuration: pipeline,
  };
}

function foldResult({
  member,
  fold,
  bestEpoch,
  epochs,
  device,
  threads,
  attempts,
  seed,
  seconds,
}: TrainedCell): FoldResult {
  return {
    ...(member === '' ? {} : { member }),
    fold,
    bestEpoch,
    epochs,
    device,
    threads,
    attempts,
    seed,
    seconds,
  };
}
