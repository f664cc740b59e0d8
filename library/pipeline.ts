/** The entry point `foldwise/pipeline`: training, in this process or on a Temporal server. */
export { resolvePipeline } from './pipeline-source.js';
export type { Pipeline, PipelineDocument, PipelineSource, ResolveOptions } from './pipeline-source.js';
export { runPipeline } from './run-pipeline.js';
export type { CompletedRun, RunPipelineOptions, RunStatus } from './run-pipeline.js';
export { startRun } from './start-run.js';
export type { RunHandle, StartRunOptions } from './start-run.js';
export { RunFault } from './run-fault.js';
export { EnvironmentFault, Fault, InputFault, type FaultDetails } from '../errors/fault.js';
export type { RunResult } from '../report/run-result.js';
export type { PipelineSummary } from '../workflows/pipeline.js';
