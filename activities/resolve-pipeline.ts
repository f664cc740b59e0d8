import { processor } from '../engine/device/device.js';
import { planSteps } from '../pipeline/dag.js';
import { folderExists, parsePipeline, readPipeline } from '../pipeline/load.js';
import { checkpointsOf } from '../pipeline/members.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { runNameOf } from '../pipeline/run-name.js';
import { currentExecution, requireAccepted, requireName } from './admission.js';
import type { PipelineInput, ResolvedRun, RunActivities } from './contracts.js';
import { beating } from './heartbeat.js';
import { putJson } from './json-artifact.js';
import { tableUses } from './table-uses.js';
import { localPathOf, requireModelReadable, requireReadable } from './roots.js';
import { requireRunName, RunDirectory } from './run-directory.js';
import type { Services } from './services.js';

/** Reads and checks the pipeline that a run was started with, and decides what holds for the whole run. */
export function resolvePipeline(services: Services): RunActivities['resolvePipeline'] {
  return (input) => beating(() => resolve(services, input));
}

async function resolve(services: Services, input: PipelineInput): Promise<ResolvedRun> {
  const { roots } = services;
  const run = input.run ?? runNameOf(currentExecution());
  requireRunName(run);
  await requireAccepted(services, {
    run,
    ...(typeof input.pipeline === 'string' ? { pipeline: input.pipeline } : {}),
  });
  const pipeline = await readInput(input, roots);
  await requireAccepted(services, { run, pipeline });
  planSteps(pipeline);
  for (const file of ['train', 'test'] as const) {
    const table = pipeline.data[file];
    if (table !== undefined) await services.tableFiles.requireReadable(table, tableUses[file]);
  }
  for (const checkpoint of checkpointsOf(pipeline)) await requireModelReadable(checkpoint, roots);
  await requireName(services, run);
  const directory = new RunDirectory(services, run);
  await directory.note('run started', { pipeline: pipeline.name });
  return {
    run,
    pipeline,
    reference: await putJson(services.store, pipeline),
    settings: {
      fresh: input.fresh ?? false,
      // Where a fold trains, its worker decides.
      device: processor,
      threads: services.threads,
      execution: currentExecution().runId,
    },
    searchAttributes: services.searchAttributes,
    ...(services.results === null ? {} : { confirmed: true }),
    ...(services.encrypted ? { encrypted: true } : {}),
    runDirectory: directory.path,
  };
}

async function readInput(
  { pipeline, overrides = {} }: PipelineInput,
  roots: readonly string[] | null,
): Promise<Pipeline> {
  const options = {
    overrides: Object.fromEntries(Object.entries(overrides).map(([path, value]) => [path, yamlOf(value)])),
  };
  if (typeof pipeline === 'string') {
    const path = localPathOf(pipeline, 'pipeline');
    await requireReadable(path, roots, 'pipeline');
    return readPipeline(path, options);
  }
  // JSON is YAML, so an inline pipeline goes the way of a file, its defaults and its faults included.
  const place = { words: 'the pipeline of the workflow input', folder: process.cwd() };
  return parsePipeline(JSON.stringify(pipeline), { ...options, ...place, isFolder: folderExists });
}

function yamlOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
