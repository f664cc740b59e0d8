import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const variable = 'FOLDWISE_TEST_FOLDER';

/** What a test file makes for those that come after it lies in one folder, for this run of the tests. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'foldwise-shared-'));
  process.env[variable] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}

/** A place in that folder. */
export function sharedPlace(name: string): string {
  const folder = process.env[variable];
  if (folder === undefined) throw new Error('the tests were not set up');
  return join(folder, name);
}
