/**
 * The entry point `foldwise/workflows`: every function of it is a workflow type, and it holds nothing else that runs. A
 * worker of your own takes it as its `workflowsPath`, or re-exports it from the module that it takes.
 */
export * from '../workflows/index.js';
export type { PipelineInput } from '../activities/contracts.js';
export type { PipelineSummary } from '../workflows/pipeline.js';
