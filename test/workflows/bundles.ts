import { existsSync } from 'node:fs';
import {
  bundleFile,
  workflowBundle,
  writeBundles,
  type WorkflowBundle,
} from '../../worker/workflow-bundle.js';
import { bundlesVariable } from '../setup/workflow-bundles.js';

/** A folder with the workflow code of the sources: the first test file that needs it makes it for all. */
export async function workflowBundles(): Promise<string> {
  const folder = process.env[bundlesVariable];
  if (folder === undefined) throw new Error('the tests were not set up');
  if (!existsSync(bundleFile('plain', folder))) await writeBundles(folder, ['plain']);
  return folder;
}

export async function bundledWorkflows(): Promise<WorkflowBundle> {
  return workflowBundle('plain', await workflowBundles());
}
