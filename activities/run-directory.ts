import { appendFile, open } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { InputFault } from '../errors/fault.js';
import { namePattern } from '../pipeline/schema.js';
import type { ActivityName } from '../pipeline/pipeline.js';
import { copyDurably, linkDurably, makeFolder } from '../store/durable-file.js';
import { storageFault } from '../store/faults.js';
import type { ArtifactRef } from '../store/store.js';
import type { OutputOf, TrainedFold } from './contracts.js';
import { modelFolder, records } from './records.js';
import type { Services } from './services.js';

/** From this size on, files are links to the artifacts instead of copies. */
const linkFromBytes = 4 * 1024 * 1024;

/** The folder of one run: what a person looks at. The artifacts themselves are in the store. */
export class RunDirectory {
  readonly path: string;

  constructor(
    private readonly services: Pick<Services, 'store' | 'runsDirectory'>,
    run: string,
  ) {
    requireRunName(run);
    this.path = resolve(services.runsDirectory, run);
  }

  /** Puts the files of a step's output where they belong; again does no harm. */
  async place<Name extends ActivityName>(activity: Name, output: OutputOf<Name>): Promise<void> {
    const files = Object.entries(records[activity].files(output));
    for (const [path, ref] of files) await this.put(path, ref);
  }

  /** The folder of a fold's exported model, its files in place. */
  async model(trained: TrainedFold): Promise<string> {
    await this.place('trainFold', trained);
    return this.pathOf(modelFolder(trained.fold));
  }

  /** Adds a line to `events.ndjson`. */
  async note(event: string, facts: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const line = JSON.stringify({ at: new Date().toISOString(), event, ...facts });
    const path = this.pathOf('events.ndjson');
    try {
      await makeFolder(this.path);
      await appendFile(path, `${(await endsWithin(path)) ? '\n' : ''}${line}\n`);
    } catch (error) {
      throw storageFault(error, this.path, 'writing events.ndjson');
    }
  }

  /** Every path that is written: whatever was checked before, it lies below the run's directory. */
  private pathOf(path: string): string {
    const target = resolve(this.path, path);
    if (target.startsWith(this.path + sep)) return target;
    throw new InputFault({ where: 'the run directory', what: 'a file would leave it' });
  }

  private async put(path: string, ref: ArtifactRef): Promise<void> {
    const source = await this.services.store.localPath(ref);
    const target = this.pathOf(path);
    try {
      await (ref.bytes < linkFromBytes ? copyDurably(source, target) : linkDurably(source, target));
    } catch (error) {
      throw storageFault(error, target, 'writing into the run directory');
    }
  }
}

/** Whether a file ends within a line: one that found no room, which the next must not become a part of. */
async function endsWithin(path: string): Promise<boolean> {
  const file = await open(path, 'a+');
  try {
    const { size } = await file.stat();
    if (size === 0) return false;
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer.toString() !== '\n';
  } finally {
    await file.close();
  }
}

/** A run's id becomes a folder, and may come from anyone who reaches the namespace. */
export function requireRunName(run: string): void {
  if (namePattern.test(run)) return;
  throw new InputFault({
    where: 'run',
    what: 'the run cannot be called that',
    found: JSON.stringify(run.slice(0, 80)),
    expected: 'at most 64 letters, digits, blanks, dots, - and _, the first a letter or digit',
  });
}
