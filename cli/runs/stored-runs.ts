import { parseResult } from '../../activities/result-file.js';
import { RunDirectory } from '../../activities/run-directory.js';
import type { RunResult } from '../../report/run-result.js';
import type { StoredResults } from '../../store/result-index.js';
import { openState } from '../../worker/state.js';
import type { Workdir } from '../workdir.js';

/** Which files of a run's directory a command reads. */
export type Wanted = (path: string) => boolean;

export const allFiles: Wanted = () => true;
/** What tells of a run; its models are larger than all else. */
export const withoutModels: Wanted = (path) => !path.startsWith('models/');

/** Whether workers on other hosts see nothing of the workdir's folders. */
export function sharesNoFolders({ path }: Workdir): boolean {
  return openState(path).results !== null;
}

/** The runs that the workdir's store knows of, wherever they were made; none of one that is in the workdir. */
export async function readStoredRuns({ path }: Workdir): Promise<StoredResults[]> {
  const { results } = openState(path);
  const found: StoredResults[] = [];
  if (results !== null) for await (const run of results.runs.list()) found.push(run);
  return found;
}

/** Brings files of a run into its directory that other hosts made. */
export async function bringRun({ path }: Workdir, run: string, isWanted: Wanted): Promise<void> {
  await new RunDirectory(openState(path), run).bring(isWanted);
}

/** The result of a run that is in the store, not brought here; null where it has none. */
export async function storedResult({ path }: Workdir, { files }: StoredResults): Promise<RunResult | null> {
  const ref = files['result.json'];
  if (ref === undefined) return null;
  const { store } = openState(path);
  return parseResult(new TextDecoder().decode(await store.getBytes(ref)), ref.uri);
}
