import { eachOf } from '../each-of.js';
import { readRecord } from '../keys.js';
import { KeyUses, type KeyUse, type KeyUser } from '../key-uses.js';
import { storedKinds } from '../kinds.js';
import type { ListedObject, ObjectStore } from '../objects/object-store.js';
import { nameOfSegment, type ResultKind } from '../result-name.js';

/** A run that has a result, and when it came. */
export interface CompletedRun {
  readonly run: string;
  readonly pipeline: string;
  readonly at: number;
}

/** What is kept: all runs and scorings but those that did nothing since then, of one pipeline alone or of any. */
export interface Retention {
  readonly before: number;
  readonly pipeline: string | null;
  /** Names of runs and scorings that are open: they are kept. */
  readonly open: ReadonlySet<string>;
  /** Those with a result: the last of each pipeline is kept. */
  readonly completed: AsyncIterable<CompletedRun>;
}

/** What goes with the runs and scorings that are forgotten. */
export interface Forgotten {
  readonly users: readonly Pick<KeyUser, 'kind' | 'name'>[];
  /** Records that no other refers to. */
  readonly keys: readonly ListedObject[];
  /** Their notes of what they refer to. */
  readonly uses: readonly ListedObject[];
  /** Their indexes of files. */
  readonly indexes: readonly ListedObject[];
  /** Whether a use of a key, as it is by now, is of one of them. */
  readonly isForgotten: (use: KeyUse) => boolean;
}

interface Known {
  readonly kind: ResultKind;
  readonly name: string;
  last: number;
  readonly uses: KeyUse[];
  index: ListedObject | null;
}

/** Key records that are read at once. */
const readers = 16;

/** Decides which runs and scorings are forgotten, and what nobody else refers to then. */
export async function forgottenBy(objects: ObjectStore, retention: Retention): Promise<Forgotten> {
  const uses = new KeyUses(objects);
  const known = await everybody(objects, uses);
  const kept = await keptNames(retention);
  const forgotten = new Map<string, Known>();
  await eachOf(known.entries(), readers, async ([id, user]) => {
    if (user.last >= retention.before || kept.has(user.name) || retention.open.has(user.name)) return;
    if (retention.pipeline !== null && (await pipelineOf(uses, user)) !== retention.pipeline) return;
    forgotten.set(id, user);
  });
  const isForgotten = (use: KeyUse): boolean =>
    use.modified < retention.before && forgotten.has(idOf(use.user));

  const users = new Map<string, KeyUse[]>();
  for (const { uses: all } of known.values())
    for (const use of all) users.set(use.key, [...(users.get(use.key) ?? []), use]);
  const keys: ListedObject[] = [];
  // Of before uses were noted, or by a worker that notes none: whose record it is says one name at least.
  const isMakerForgotten = (maker: string): boolean => {
    const names = [idOf({ kind: 'runs', name: maker }), idOf({ kind: 'scores', name: maker })];
    const makers = names.filter((name) => known.has(name));
    if (makers.length > 0) return makers.every((name) => forgotten.has(name));
    return retention.pipeline === null && !kept.has(maker) && !retention.open.has(maker);
  };
  await eachOf(objects.list(storedKinds.keys), readers, async (object) => {
    if (object.modified >= retention.before) return;
    const record = await readRecord(objects, object.name);
    if (record === null || !(users.get(record.key) ?? []).every(isForgotten)) return;
    if (isMakerForgotten(record.run)) keys.push(object);
  });
  const gone = [...forgotten.values()];
  return {
    users: gone.map(({ kind, name }) => ({ kind, name })),
    keys,
    uses: gone.flatMap((user) =>
      user.uses.map(({ object: name, modified, bytes }) => ({ name, modified, bytes })),
    ),
    indexes: gone.flatMap(({ index }) => index ?? []),
    isForgotten,
  };
}

/** All that refer to keys or have an index of files, by `idOf`. */
async function everybody(objects: ObjectStore, uses: KeyUses): Promise<Map<string, Known>> {
  const known = new Map<string, Known>();
  const of = (user: Pick<KeyUser, 'kind' | 'name'>): Known => {
    const found = known.get(idOf(user)) ?? { ...user, last: 0, uses: [], index: null };
    known.set(idOf(user), found);
    return found;
  };
  for await (const use of uses.list()) {
    const user = of(use.user);
    user.uses.push(use);
    user.last = Math.max(user.last, use.modified);
  }
  for (const kind of ['runs', 'scores'] as const) {
    for await (const object of objects.list(storedKinds[kind])) {
      const [, segment] = /^\w+\/([^/]+)\/files\.json$/.exec(object.name) ?? [];
      if (segment === undefined) continue;
      const user = of({ kind, name: nameOfSegment(segment) });
      user.index = object;
      user.last = Math.max(user.last, object.modified);
    }
  }
  return known;
}

/** The last run of each pipeline that has a result. */
async function keptNames({ completed, pipeline }: Retention): Promise<Set<string>> {
  const last = new Map<string, CompletedRun>();
  for await (const run of completed) {
    if (pipeline !== null && run.pipeline !== pipeline) continue;
    if (run.at >= (last.get(run.pipeline)?.at ?? -Infinity)) last.set(run.pipeline, run);
  }
  return new Set([...last.values()].map(({ run }) => run));
}

/** Null of a scoring, and of a run that does not say. */
async function pipelineOf(uses: KeyUses, { kind, uses: [use] }: Known): Promise<string | null> {
  return kind === 'runs' && use !== undefined ? uses.pipelineOf(use) : null;
}

function idOf({ kind, name }: Pick<KeyUser, 'kind' | 'name'>): string {
  return `${kind}/${name}`;
}
