import { open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { Execution } from '../../pipeline/run-name.js';
import { resultOwnerSchema, type StoredResults } from '../../store/result-index.js';
import type { Workdir } from '../workdir.js';
import { readStoredRuns } from './stored-runs.js';

/** A run that has a directory in the workdir, or files in its store, with what these tell of it. */
export interface LocalRun {
  /** The run's id: the directory's name. */
  readonly run: string;
  /** Where its files are, or come when they are brought here. */
  readonly directory: string;
  readonly startedAt: Date;
  /** The workflow that has the run's name; null where the directory does not tell. */
  readonly execution: Execution | null;
  /** Its files wherever they were made; null where the workdir's store is in it. */
  readonly stored: StoredResults | null;
}

/** A first line longer than this is not one of ours. */
const firstLineBytes = 8 * 1024;

/** The runs that have a directory in the workdir or files in its store, the latest first. */
export async function readLocalRuns(workdir: Workdir): Promise<LocalRun[]> {
  const { runs } = workdir;
  const stored = new Map((await readStoredRuns(workdir)).map((each) => [each.name, each]));
  const names = await readdir(runs, { withFileTypes: true }).catch(() => []);
  const folders = names.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const here = await Promise.all(folders.map((run) => readLocalRun(join(runs, run), stored.get(run))));
  for (const run of folders) stored.delete(run);
  const elsewhere = [...stored.values()].map((results) => ({
    run: results.name,
    directory: join(runs, results.name),
    startedAt: new Date(results.startedAt),
    execution: results.owner,
    stored: results,
  }));
  const found = [...here, ...elsewhere];
  return found.sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime() || (a.run < b.run ? 1 : -1));
}

export async function readLocalRun(directory: string, stored?: StoredResults): Promise<LocalRun> {
  const owner = ownerSchema.safeParse(await firstLine(join(directory, 'run.json')));
  const event = eventSchema.safeParse(await firstLine(join(directory, 'events.ndjson')));
  return {
    run: basename(directory),
    directory,
    startedAt: new Date(event.data?.at ?? owner.data?.startedAt ?? (await stat(directory)).mtime),
    execution: owner.data ?? null,
    stored: stored ?? null,
  };
}

/** Its start stands there where its files were brought from elsewhere, as its events were not. */
const ownerSchema = resultOwnerSchema.extend({ startedAt: z.iso.datetime().exactOptional() });
const eventSchema = z.object({ at: z.iso.datetime() });

/** The JSON of a file's first line; null where there is none that can be read. */
async function firstLine(path: string): Promise<unknown> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(firstLineBytes), 0, firstLineBytes, 0);
      const [line = ''] = buffer.toString('utf8', 0, bytesRead).split('\n');
      return JSON.parse(line);
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}
