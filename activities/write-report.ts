import { Context } from '@temporalio/activity';
import { axesOf, combinationsOf, namedCell } from '../pipeline/matrix.js';
import { idColumn, type Pipeline } from '../pipeline/pipeline.js';
import { showsTexts } from '../pipeline/report.js';
import type { FoldResult, MemberResult, RunResult } from '../report/run-result.js';
import { unskilledLabels } from '../report/skill-words.js';
import { ArtifactDamaged, ArtifactMissing } from '../store/faults.js';
import type { ArtifactRef } from '../store/store.js';
import type { StepActivities } from './contracts.js';
import type { OutOfFold, Report, Thresholds, TrainedCell } from './outputs.js';
import { readCalibrators } from './calibrators.js';
import { readFacts, type DescribedData } from './data-facts.js';
import { putText } from './json-artifact.js';
import { localPaths } from './local-paths.js';
import { countTrainedTokens, tokenWarnings, uncounted } from './model-tokens.js';
import { previousRun } from './previous-run.js';
import { recorded } from './recorded.js';
import { resultWarnings } from './result-warnings.js';
import { withScratch } from './scratch.js';
import type { Services } from './services.js';

type Call = Parameters<StepActivities['writeReport']>[0];

/**
 * Writes down how good the run is: `result.json` for programs, `report.html` for people, `texts.csv` of what it quotes,
 * `groups.csv` of what was held out together.
 */
export function writeReport(services: Services): StepActivities['writeReport'] {
  return recorded(services, 'writeReport', (call: Call) => write(services, call));
}

/** What is made before it is kept. */
const files = ['page', 'texts', 'issues', 'groups'] as const;

async function write(services: Services, call: Call): Promise<Report> {
  const { store, tables, versions } = services;
  const { data, oof, thresholds } = call.inputs;
  const { cancellationSignal: signal } = Context.current();
  const { calibration } = thresholds;
  const calibrators = calibration && (await readCalibrators(store, calibration.calibrators));
  const scored: RunResult = {
    ...resultOf(call, versions),
    ...(calibration === undefined || calibrators === undefined
      ? {}
      : { calibration: { ...calibration, calibrators } }),
  };
  const previous = await previousRun(services, scored);
  const table = await store.localPath(data.table);
  const trainIds = await store.localPath(data.trainIds);
  const matrices = deployed(oof);
  const paths = await localPaths(
    store,
    matrices.map(({ probabilities }) => probabilities),
  );
  const members = matrices.map(({ weight }, place) => ({ probabilities: paths[place]!, weight }));
  const quotes = showsTexts(call.pipeline);
  const groupFile = data.groups === undefined ? null : await store.localPath(data.groups);
  const described = await describe(services, call, signal);
  return withScratch(services, files, async ({ page, texts, issues, groups }) => {
    const labelIssues = await tables.run(
      'issues',
      {
        table,
        trainIds,
        id: idColumn(call.pipeline.data),
        labels: call.pipeline.labels,
        task: call.pipeline.task,
        probabilities: await store.localPath(oof.probabilities),
        unskilled: unskilledLabels(scored),
        output: issues,
      },
      signal,
    );
    const result: RunResult = {
      ...scored,
      ...(described.facts === undefined ? {} : { facts: described.facts }),
      labelIssues,
      warnings: [...scored.warnings, ...described.warnings],
      previous,
      reused: call.reused,
    };
    const digests = await tables.run(
      'report',
      {
        result,
        table,
        ids: trainIds,
        members,
        output: page,
        texts: quotes ? texts : null,
        groups: groupFile === null ? null : { file: groupFile, output: groups },
      },
      signal,
    );
    return {
      report: await store.putFile(page, { move: true }),
      ...(quotes ? { texts: await store.putFile(texts, { move: true }) } : {}),
      ...(groupFile === null ? {} : { groups: await store.putFile(groups, { move: true }) }),
      result: await putText(
        store,
        `${JSON.stringify({ ...result, data: digests } satisfies RunResult, null, 2)}\n`,
      ),
      labelIssues: await store.putFile(issues, { move: true }),
    };
  });
}

/** What is told of the tables, with the tokens that the trained models make of them. */
async function describe(
  services: Services,
  call: Call,
  signal: AbortSignal,
): Promise<{ readonly facts?: DescribedData; readonly warnings: readonly string[] }> {
  const { store } = services;
  const { data } = call.inputs;
  // Recorded by a worker of an earlier version.
  if (data.facts === undefined) return { warnings: [] };
  const facts = await readFacts(store, data.facts);
  try {
    const files = {
      table: await store.localPath(data.table),
      test: data.test === null ? null : await store.localPath(data.test),
    };
    const tokens = facts.tokens ?? (await countTrainedTokens(services, call, files, signal));
    return { facts: { ...facts, tokens }, warnings: tokenWarnings(tokens) };
  } catch (error) {
    signal.throwIfAborted();
    // What is lost is made anew.
    if (error instanceof ArtifactMissing || error instanceof ArtifactDamaged) throw error;
    return { facts, warnings: [uncounted(error)] };
  }
}

/** The matrices that new rows' probabilities are like: of an ensemble its members', by their final weights. */
function deployed({ probabilities, ensemble }: OutOfFold): { probabilities: ArtifactRef; weight: number }[] {
  if (ensemble === undefined) return [{ probabilities, weight: 1 }];
  const { members, weights } = ensemble;
  return members.map((member, place) => ({
    probabilities: member.probabilities,
    weight: weights.final[place]!,
  }));
}

function resultOf({ run, pipeline, inputs, seconds }: Call, versions: Services['versions']): RunResult {
  const { data, fold, oof, thresholds } = inputs;
  return {
    run,
    pipeline: pipeline.name,
    status: 'completed',
    labels: pipeline.labels,
    rows: data.rows,
    ...(data.split === undefined ? {} : { split: data.split }),
    folds: fold.map(foldResult),
    macroF1: thresholds.macroF1,
    thresholds: thresholds.thresholds,
    perLabel: thresholds.perLabel,
    ...(thresholds.classes === undefined ? {} : { classes: thresholds.classes }),
    ...(thresholds.objectives === undefined ? {} : { objectives: thresholds.objectives }),
    ...(thresholds.assessment === undefined ? {} : { assessment: thresholds.assessment }),
    skippedFolds: oof.skippedFolds,
    ...memberResults(pipeline, thresholds),
    rowsWithoutOof: oof.rowsWithoutOof,
    seconds,
    versions,
    warnings: resultWarnings(data, fold, thresholds),
    configuration: pipeline,
  };
}

function memberResults(
  pipeline: Pipeline,
  { members, ensemble }: Thresholds,
): Pick<RunResult, 'members' | 'ensemble'> {
  if (members === undefined || ensemble === undefined) return {};
  const settings = new Map(combinationsOf(axesOf(pipeline)).map((each) => [each.id, each.settings]));
  return {
    members: members.map(({ id, ...reached }): MemberResult => ({
      id,
      settings: settings.get(id) ?? {},
      ...reached,
    })),
    ensemble,
  };
}

function foldResult(cell: TrainedCell): FoldResult {
  const { bestEpoch, epochs, device, card, precision, threads, attempts, microBatch, seed, seconds } = cell;
  const on = card === undefined ? { device } : { device, card };
  const computed = { ...on, ...(precision === undefined ? {} : { precision }), threads };
  const split = microBatch === undefined ? {} : { microBatch };
  return { ...namedCell(cell), bestEpoch, epochs, ...computed, attempts, ...split, seed, seconds };
}
