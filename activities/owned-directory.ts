import { appendFile, open, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { z } from 'zod';
import { InputFault } from '../errors/fault.js';
import { namePattern } from '../pipeline/schema.js';
import { copyDurably, createDurably, linkDurably, makeFolder } from '../store/durable-file.js';
import { fileSha256 } from '../store/digest.js';
import { errorCode, storageFault } from '../store/faults.js';
import { resultOwnerSchema, type ResultIndex, type ResultOwner } from '../store/result-index.js';
import type { ArtifactRef, ArtifactStore } from '../store/store.js';

/** Says which workflow has the directory's name. */
const ownerFile = 'run.json';
const mostOwnerBytes = 10_000;

/** The one execution of a workflow that a directory belongs to. */
export type RunOwner = ResultOwner;

/** From this size on, files are links to the artifacts instead of copies. */
const linkFromBytes = 4 * 1024 * 1024;

/** The folder of what one workflow makes for people to look at. The artifacts themselves are in the store. */
export class OwnedDirectory {
  readonly path: string;

  /**
   * @param parent holds a folder of each name
   * @param kind what is called so: `run`, or `score`
   * @param results what all hosts know of those; null where all share this folder
   */
  constructor(
    private readonly store: ArtifactStore,
    private readonly parent: string,
    private readonly name: string,
    private readonly kind: string,
    private readonly results: ResultIndex | null,
  ) {
    requireDirectoryName(name, kind);
    this.path = resolve(parent, name);
  }

  /** The workflow that has the name; null where none has. @throws InputFault for a file that says it wrongly */
  async owner(): Promise<RunOwner | null> {
    try {
      const { size } = await stat(this.pathOf(ownerFile));
      if (size > mostOwnerBytes) throw new SyntaxError('the file is too large');
      return resultOwnerSchema.parse(JSON.parse(await readFile(this.pathOf(ownerFile), 'utf8')));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return null;
      if (!(error instanceof SyntaxError || error instanceof z.ZodError))
        throw storageFault(error, this.path, `reading ${ownerFile}`);
      throw new InputFault({
        where: this.path,
        what: `${ownerFile} does not say whose ${this.kind} it is`,
        remedy: `Move the folder away, or give the ${this.kind} another name.`,
      });
    }
  }

  /**
   * Takes the name for a workflow, unless one has it: a folder shows the results of one.
   *
   * @returns who has it then; null where there are results of one that took no name
   */
  async claim(owner: RunOwner): Promise<RunOwner | null> {
    const present = await this.owner();
    if (present !== null) return present;
    try {
      if (await exists(this.pathOf('result.json'))) return null;
    } catch (error) {
      throw storageFault(error, this.path, `writing ${ownerFile}`);
    }
    const { workflowId, runId } = owner;
    const holder = (await this.results?.claim(this.name, { workflowId, runId })) ?? { workflowId, runId };
    if (holder.workflowId !== workflowId || holder.runId !== runId) return holder;
    await this.writeOwner(holder);
    return this.owner();
  }

  /** Adds a line to `events.ndjson`. */
  async note(event: string, facts: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const line = JSON.stringify({ at: new Date().toISOString(), event, ...facts });
    try {
      const path = await this.writable('events.ndjson');
      await appendFile(path, `${(await endsWithin(path)) ? '\n' : ''}${line}\n`);
    } catch (error) {
      throw storageFault(error, this.path, 'writing events.ndjson');
    }
  }

  /** Puts artifacts where a person looks for them, by path; again does no harm. */
  async put(files: Readonly<Record<string, ArtifactRef>>): Promise<void> {
    for (const [path, ref] of Object.entries(files)) await this.putOne(path, ref);
    await this.index(files);
  }

  /** Notes artifacts for all hosts, by path; again does no harm. */
  async index(files: Readonly<Record<string, ArtifactRef>>): Promise<void> {
    if (this.results === null || Object.keys(files).length === 0) return;
    const owner = await this.owner();
    // Of before there was an index, or where the store was emptied.
    if (owner !== null) await this.results.claim(this.name, owner);
    await this.results.add(this.name, files);
  }

  /**
   * Brings files here that were made elsewhere, those that are asked for. What this machine has is left as
   * it is, unless it is seen to be of before.
   *
   * @returns whether all hosts know of the directory
   */
  async bring(isWanted: (path: string) => boolean): Promise<boolean> {
    const known = (await this.results?.read(this.name)) ?? null;
    if (known === null) return false;
    for (const [path, ref] of Object.entries(known.files))
      if (isWanted(path) && !(await this.has(path, ref))) await this.putOne(path, ref);
    await this.writeOwner(known.owner, known.startedAt);
    return true;
  }

  private async has(path: string, ref: ArtifactRef): Promise<boolean> {
    const target = this.pathOf(path);
    try {
      const { size } = await stat(target);
      if (size !== ref.bytes) return false;
      return ref.bytes >= linkFromBytes || (await fileSha256(target)) === ref.sha256;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return false;
      throw storageFault(error, this.path, `reading the ${this.kind} directory`);
    }
  }

  private async writeOwner({ workflowId, runId }: RunOwner, startedAt?: string): Promise<void> {
    const owner = { workflowId, runId, ...(startedAt === undefined ? {} : { startedAt }) };
    try {
      await createDurably(await this.writable(ownerFile), `${JSON.stringify(owner)}\n`);
    } catch (error) {
      throw storageFault(error, this.path, `writing ${ownerFile}`);
    }
  }

  private async putOne(path: string, ref: ArtifactRef): Promise<void> {
    const source = await this.store.localPath(ref);
    try {
      const target = await this.writable(path);
      await (ref.bytes < linkFromBytes ? copyDurably(source, target) : linkDurably(source, target));
    } catch (error) {
      throw storageFault(error, this.path, `writing into the ${this.kind} directory`);
    }
  }

  protected pathOf(path: string): string {
    const target = resolve(this.path, path);
    if (target !== this.path && isWithin(target, this.path)) return target;
    throw new InputFault({ where: `the ${this.kind} directory`, what: 'a file would leave it' });
  }

  /**
   * Every path that is written goes through here, its folder made: whatever was checked before, it lies
   * below the directory, links followed.
   */
  private async writable(path: string): Promise<string> {
    const target = this.pathOf(path);
    const folder = dirname(target);
    await makeFolder(folder);
    const own = join(await realpath(this.parent), basename(this.path));
    if (isWithin(await realpath(folder), own)) return target;
    throw new InputFault({
      where: folder,
      what: `a link leads out of the ${this.kind} directory`,
      remedy: `Remove the link, or give the ${this.kind} another name.`,
    });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + sep);
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

/** A name becomes a folder, and may come from anyone who reaches the namespace. */
export function requireDirectoryName(name: string, kind: string): void {
  if (namePattern.test(name)) return;
  throw new InputFault({
    where: kind,
    what: `the ${kind} cannot be called that`,
    found: JSON.stringify(name.slice(0, 80)),
    expected: 'at most 64 letters, digits, blanks, dots, - and _, the first a letter or digit',
  });
}
