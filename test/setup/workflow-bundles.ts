import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Names the folder of workflow code that was bundled during this run of the tests; see `workflowBundles`. */
export const bundlesVariable = 'FOLDWISE_TEST_BUNDLES';

export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'foldwise-bundles-'));
  process.env[bundlesVariable] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
