import { existsSync } from 'node:fs';
import { withLock } from '../../infra/server/lock.js';
import {
  bundleFile,
  workflowBundle,
  writeBundles,
  type WorkflowBundle,
} from '../../worker/workflow-bundle.js';
import { sharedPlace } from '../setup/shared-folder.js';

/** A folder with the workflow code of the sources: the first test file that needs it makes it for all. */
export async function workflowBundles(): Promise<string> {
  const folder = sharedPlace('bundles');
  await withLock(
    sharedPlace('bundles.lock'),
    () => undefined,
    async () => {
      if (!existsSync(bundleFile('plain', folder))) await writeBundles(folder, ['plain']);
    },
  );
  return folder;
}

export async function bundledWorkflows(): Promise<WorkflowBundle> {
  return workflowBundle('plain', await workflowBundles());
}
