import type { CheckpointShelf } from '../checkpoints.js';
import { eachOf, portionsOf } from '../each-of.js';
import { readRecord, recordName, referencesIn } from '../keys.js';
import { KeyUses } from '../key-uses.js';
import { storedKinds } from '../kinds.js';
import type { LocalFiles } from '../local-files.js';
import { probesPrefix } from '../objects/conditional-writes.js';
import type { Leftovers, ListedObject, ObjectStore } from '../objects/object-store.js';
import { ResultIndex } from '../result-index.js';
import { artifactRefSchema } from '../store.js';
import { Sweeps, sweepsPrefix } from '../sweeps.js';
import { forgottenBy, type Forgotten, type Retention } from './retention.js';

/** By what is removed: `unfinished` is what writes, trials and removals left that were cut off. */
export const collectedKinds = [
  'artifacts',
  'damaged',
  'keys',
  'checkpoints',
  'runs',
  'scores',
  'uses',
  'unfinished',
  'cache',
] as const;
export type CollectedKind = (typeof collectedKinds)[number];

export interface CollectorPlaces {
  readonly objects: ObjectStore;
  readonly files: LocalFiles;
  readonly checkpoints: CheckpointShelf;
  readonly sweeps?: Sweeps;
}

export interface CollectorOptions {
  /** Nothing that was written since is removed, by the clock of the store: see ages.ts. */
  readonly before: number;
  /** Null: all runs are kept. */
  readonly retention: Retention | null;
  /** Or only says what it would remove. */
  readonly remove: boolean;
}

export interface Collected {
  readonly kinds: readonly (Leftovers & { readonly kind: CollectedKind })[];
  /** Names of the runs and scorings that were forgotten. */
  readonly forgotten: readonly string[];
}

/** So many are announced and removed together. */
const portion = 100;

/** Records and indexes that are read at once. */
const readers = 16;

/** A removal that was announced that long ago has ended. */
const longestSweepMs = 3_600_000;

/**
 * Removes what nothing refers to that is kept: keys of forgotten runs first, then, with what is left looked through
 * anew, the artifacts. Each step leaves a sound store behind: what refers to something goes before that does. In memory it holds
 * the hashes that are referred to, and the names of keys and their uses.
 */
export class Collector {
  private readonly sweeps: Sweeps;
  private readonly sums = new Map<CollectedKind, { objects: number; bytes: number }>();

  constructor(
    private readonly places: CollectorPlaces,
    private readonly options: CollectorOptions,
  ) {
    this.sweeps = places.sweeps ?? new Sweeps(places.objects);
  }

  async collect(): Promise<Collected> {
    const { retention, remove } = this.options;
    const { objects } = this.places;
    const forgotten = retention === null ? null : await forgottenBy(objects, retention);
    if (forgotten !== null) await this.forget(forgotten);
    await this.removeCheckpoints();
    // What was only to be removed is not there for those that look what would be.
    const gone = remove ? [] : [...(forgotten?.keys ?? []), ...(forgotten?.indexes ?? [])];
    const marked = await this.marked(new Set(gone.map(({ name }) => name)));
    await this.removeAll(
      'artifacts',
      this.old(storedKinds.artifacts, this.options.before),
      (name) => !marked.has(name.slice(name.lastIndexOf('/') + 1)),
    );
    await this.removeAll('damaged', this.old(storedKinds.damaged, this.options.before));
    await this.removeUnfinished();
    return {
      kinds: collectedKinds.map((kind) => ({ kind, ...(this.sums.get(kind) ?? { objects: 0, bytes: 0 }) })),
      forgotten: forgotten?.users.map(({ name }) => name).sort() ?? [],
    };
  }

  private async forget({ keys, uses, indexes, isForgotten }: Forgotten): Promise<void> {
    const all = new KeyUses(this.places.objects);
    await this.removeAll('keys', keys, undefined, async ({ name }) => {
      for await (const use of all.list(keyOf(name))) if (!isForgotten(use)) return false;
      return true;
    });
    for (const kind of ['runs', 'scores'] as const)
      await this.removeAll(
        kind,
        indexes.filter(({ name }) => name.startsWith(storedKinds[kind])),
      );
    // Last: they tell of what has to go.
    await this.removeAll('uses', uses);
  }

  /** Of folds that were finished, and of those that nobody went on with for as long as runs are kept. */
  private async removeCheckpoints(): Promise<void> {
    const { objects, checkpoints } = this.places;
    const { before, retention, remove } = this.options;
    const folds = new Map<string, { newest: number; objects: number; bytes: number }>();
    for await (const { name, modified, bytes } of objects.list(storedKinds.checkpoints)) {
      const key = name.split('/')[1] ?? '';
      const fold = folds.get(key) ?? { newest: 0, objects: 0, bytes: 0 };
      folds.set(key, fold);
      fold.newest = Math.max(fold.newest, modified);
      fold.objects++;
      fold.bytes += bytes;
    }
    const given = retention !== null && retention.pipeline === null ? retention.before : -Infinity;
    await eachOf(folds, readers, async ([key, fold]) => {
      if (fold.newest >= before || !/^[0-9a-f]{64}$/.test(key)) return;
      if (fold.newest >= given && (await readRecord(objects, recordName(key))) === null) return;
      if (!remove || (await checkpoints.clear(key, before))) this.count('checkpoints', fold);
    });
  }

  /** The hashes of all that keys, runs and scorings refer to. @param gone objects that count as removed */
  private async marked(gone: ReadonlySet<string>): Promise<Set<string>> {
    const { objects } = this.places;
    const marked = new Set<string>();
    const mark = (value: unknown): void => {
      for (const found of referencesIn(value)) {
        const ref = artifactRefSchema.safeParse(found);
        if (ref.success) marked.add(ref.data.sha256);
      }
    };
    // Indexes before keys: what a run puts into its own, a key refers to by then.
    for (const kind of ['runs', 'scores'] as const) {
      const index = new ResultIndex(objects, kind);
      for await (const { name, files } of index.list()) if (!gone.has(index.nameOf(name))) mark(files);
    }
    await eachOf(objects.list(storedKinds.keys), readers, async ({ name }) => {
      if (!gone.has(name)) mark((await readRecord(objects, name))?.output);
    });
    return marked;
  }

  private async removeUnfinished(): Promise<void> {
    const { objects, files } = this.places;
    const { before, remove } = this.options;
    await this.removeAll('unfinished', this.old(probesPrefix, before));
    // Not announced: that would be one more of them.
    for await (const object of this.old(sweepsPrefix, objects.now() - longestSweepMs)) {
      if (remove) await objects.delete(object.name);
      this.count('unfinished', { objects: 1, bytes: object.bytes });
    }
    this.count('unfinished', await objects.leftovers(before, remove));
    this.count('cache', await files.trim(remove));
  }

  private async *old(prefix: string, before: number): AsyncIterable<ListedObject> {
    for await (const object of this.places.objects.list(prefix)) if (object.modified < before) yield object;
  }

  /** Removes what is still as old as it was, and still unwanted. */
  private async removeAll(
    kind: CollectedKind,
    targets: Iterable<ListedObject> | AsyncIterable<ListedObject>,
    isUnwanted: (name: string) => boolean = () => true,
    isStill: (target: ListedObject) => Promise<boolean> = () => Promise.resolve(true),
  ): Promise<void> {
    const { objects } = this.places;
    const unwanted = async function* (): AsyncIterable<ListedObject> {
      for await (const target of targets) if (isUnwanted(target.name)) yield target;
    };
    for await (const some of portionsOf(unwanted(), portion)) {
      const removed = this.options.remove
        ? await this.sweeps.remove(some, async (target) => {
            const facts = await objects.stat(target.name);
            return facts !== null && facts.modified < this.options.before && isStill(target);
          })
        : some;
      for (const { bytes } of removed) this.count(kind, { objects: 1, bytes });
    }
  }

  private count(kind: CollectedKind, { objects, bytes }: Leftovers): void {
    const sum = this.sums.get(kind) ?? { objects: 0, bytes: 0 };
    this.sums.set(kind, { objects: sum.objects + objects, bytes: sum.bytes + bytes });
  }
}

/** A record's key, of its object's name. */
function keyOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1, -'.json'.length);
}
