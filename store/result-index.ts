import { z } from 'zod';
import { EnvironmentFault } from '../errors/fault.js';
import type { ObjectStore, ObjectVersion } from './objects/object-store.js';
import { segmentOf, type ResultKind } from './result-name.js';
import { readSealed, sealed } from './sealed-json.js';
import { artifactRefSchema, type ArtifactRef } from './store.js';

export const resultOwnerSchema = z.object({ workflowId: z.string(), runId: z.string() });
/** The one execution of a workflow that a name belongs to. */
export type ResultOwner = Readonly<z.output<typeof resultOwnerSchema>>;

const resultsSchema = z.object({
  name: z.string(),
  owner: resultOwnerSchema,
  startedAt: z.iso.datetime(),
  /** By path within the directory, with slashes. */
  files: z.record(z.string().max(1_000), artifactRefSchema),
});

/** What one workflow made for people: whose it is, and its files, wherever they were made. */
export type StoredResults = Readonly<z.output<typeof resultsSchema>>;

/** Others may come first, each with one writing of its own; so many in a row are none of ours. */
const mostTurns = 1_000;

/**
 * The results of all runs, or of all scorings, for those who have not made them: of each an index of its
 * files below the store, `<kind>/<name>/files.json`, which refers to artifacts. Kept where the store is not of
 * this machine: then each host has those files alone that it made.
 */
export class ResultIndex {
  constructor(
    private readonly objects: ObjectStore,
    private readonly kind: ResultKind,
  ) {}

  /** Takes a name for a workflow, unless one has it. @returns who has it then */
  async claim(name: string, owner: ResultOwner): Promise<ResultOwner> {
    const startedAt = new Date().toISOString();
    const mine = await this.objects.putIfAbsent(
      this.nameOf(name),
      sealed({ name, owner, startedAt, files: {} }),
    );
    return mine === null ? ((await this.read(name))?.owner ?? owner) : owner;
  }

  /** Notes files of a name that was claimed. What is noted already is not written again. */
  async add(name: string, files: Readonly<Record<string, ArtifactRef>>): Promise<void> {
    for (let turn = 0; turn < mostTurns; turn++) {
      const found = await this.look(name);
      if (found === null) throw this.unclaimed(name);
      const { version, results } = found;
      const isNew = ([path, ref]: [string, ArtifactRef]): boolean =>
        results.files[path]?.sha256 !== ref.sha256;
      if (!Object.entries(files).some(isNew)) return;
      const next = sealed({ ...results, files: { ...results.files, ...files } });
      if ((await this.objects.putIfMatch(this.nameOf(name), version, next)) !== null) return;
    }
    throw new EnvironmentFault({ where: this.placeOf(name), what: 'others replace it again and again' });
  }

  /** Null where nothing is known of the name. */
  async read(name: string): Promise<StoredResults | null> {
    return (await this.look(name))?.results ?? null;
  }

  /** All there are, in no order. */
  async *list(): AsyncIterable<StoredResults> {
    for await (const { name } of this.objects.list(`${this.kind}/`)) {
      const found = await readSealed(this.objects, name, resultsSchema);
      if (found?.value != null && this.nameOf(found.value.name) === name) yield found.value;
    }
  }

  private async look(
    name: string,
  ): Promise<{ readonly version: ObjectVersion; readonly results: StoredResults } | null> {
    const found = await readSealed(this.objects, this.nameOf(name), resultsSchema);
    if (found?.value == null) return null;
    return { version: found.version, results: found.value };
  }

  /** The name of an index's object. */
  nameOf(name: string): string {
    return `${this.kind}/${segmentOf(name)}/files.json`;
  }

  private placeOf(name: string): string {
    return `${this.objects.place}/${this.nameOf(name)}`;
  }

  private unclaimed(name: string): EnvironmentFault {
    return new EnvironmentFault({
      where: this.placeOf(name),
      what: 'the index of these files is gone, or damaged',
      remedy: 'Start the run again under another name: what was done is reused.',
    });
  }
}
