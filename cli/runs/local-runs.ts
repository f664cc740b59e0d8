import { open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { Execution } from '../../pipeline/run-name.js';
import type { Workdir } from '../workdir.js';

/** A run's directory in the workdir, with what its files tell of it. */
export interface LocalRun {
  /** The run's id: the directory's name. */
  readonly run: string;
  readonly directory: string;
  readonly startedAt: Date;
  /** The workflow that has the run's name; null where the directory does not tell. */
  readonly execution: Execution | null;
}

/** A first line longer than this is not one of ours. */
const firstLineBytes = 8 * 1024;

/** The runs that have a directory in the workdir, the latest first. */
export async function readLocalRuns({ runs }: Workdir): Promise<LocalRun[]> {
  const names = await readdir(runs, { withFileTypes: true }).catch(() => []);
  const folders = names.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const found = await Promise.all(folders.map((run) => readLocalRun(join(runs, run))));
  return found.sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime() || (a.run < b.run ? 1 : -1));
}

export async function readLocalRun(directory: string): Promise<LocalRun> {
  const owner = ownerSchema.safeParse(await firstLine(join(directory, 'run.json')));
  const event = eventSchema.safeParse(await firstLine(join(directory, 'events.ndjson')));
  return {
    run: basename(directory),
    directory,
    startedAt: event.success ? new Date(event.data.at) : (await stat(directory)).mtime,
    execution: owner.success ? owner.data : null,
  };
}

const ownerSchema = z.object({ workflowId: z.string(), runId: z.string() });
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
