import { existsSync } from 'node:fs';
import { withLock } from '../../infra/server/lock.js';
import {
  bundleFile,
  workflowBundle,
  writeBundles,
  type BundleKind,
  type WorkflowBundle,
} from '../../worker/workflow-bundle.js';
import { sharedPlace } from '../setup/shared-folder.js';

/** A folder with the workflow code of the sources, plain and of a kind: the first test file that needs one makes it for all. */
export async function workflowBundles(kind: BundleKind = 'plain'): Promise<string> {
  const folder = sharedPlace('bundles');
  await withLock(
    sharedPlace('bundles.lock'),
    () => undefined,
    async () => {
      const kinds = new Set<BundleKind>(['plain', kind]);
      await writeBundles(
        folder,
        [...kinds].filter((each) => !existsSync(bundleFile(each, folder))),
      );
    },
  );
  return folder;
}

export async function bundledWorkflows(): Promise<WorkflowBundle> {
  return workflowBundle('plain', await workflowBundles());
}
