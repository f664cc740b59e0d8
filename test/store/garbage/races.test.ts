import { mkdtempSync, rmSync, utimesSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graceMs, renewAfterMs } from '../../../store/ages.js';
import { Artifacts } from '../../../store/artifacts.js';
import { CheckpointShelf } from '../../../store/checkpoints.js';
import { sha256 } from '../../../store/digest.js';
import { Collector } from '../../../store/garbage/collector.js';
import { KeyIndex, referencesIn } from '../../../store/keys.js';
import { FolderFiles, type LocalFiles } from '../../../store/local-files.js';
import { FolderObjects } from '../../../store/objects/folder-objects.js';
import type { ListedObject, ObjectStore } from '../../../store/objects/object-store.js';
import type { ArtifactRef } from '../../../store/store.js';
import { Sweeps } from '../../../store/sweeps.js';
import { Dice } from '../../../bench/dice.js';
import { filesElsewhere, MemoryObjects } from '../memory-objects.js';

const hour = 3_600_000;

/** FOLDWISE_RACES=3000 is the full measure. */
const rounds = Number(process.env['FOLDWISE_RACES'] ?? 120);

/** A store whose calls take their time, and what is left of it. */
interface Place {
  readonly objects: ObjectStore;
  readonly files: LocalFiles;
  has(name: string): boolean;
  /** Makes an object so old. */
  age(name: string, ms: number): void;
  close(): void;
}

const below = (random: Dice, count: number): number => Math.floor(random.between(0, count));

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

function inMemory(random: Dice): Place {
  let pauses = false;
  const objects = new MemoryObjects(() => (pauses ? turns(below(random, 4)) : Promise.resolve()));
  const slow = intercepted(objects, {
    // The longer it is on its way, the more happens after whoever sent it has looked last.
    delete: async (name) => {
      await turns(below(random, 30));
      await objects.delete(name);
    },
  });
  return {
    objects: slow,
    files: filesElsewhere,
    has: (name) => objects.held.has(name),
    age: (name, ms) => {
      pauses = true;
      const found = objects.held.get(name)!;
      objects.held.set(name, { ...found, modified: Date.now() - ms });
    },
    close: () => undefined,
  };
}

function inFolder(random: Dice): Place {
  const folder = mkdtempSync(join(tmpdir(), 'foldwise-races-'));
  const objects = new FolderObjects(folder);
  const later = async (): Promise<void> => turns(below(random, 4));
  const slow = intercepted(objects, {
    stat: (...call) => later().then(() => objects.stat(...call)),
    put: (...call) => later().then(() => objects.put(...call)),
    delete: (...call) => later().then(() => objects.delete(...call)),
  });
  return {
    objects: slow,
    files: new FolderFiles(objects),
    has: (name) => existsSync(objects.pathOf(name)),
    age: (name, ms) => {
      const then = new Date(Date.now() - ms);
      utimesSync(objects.pathOf(name), then, then);
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Removes without a word, and does not look again. */
class Unannounced extends Sweeps {
  constructor(private readonly store: ObjectStore) {
    super(store);
  }

  override passed(): Promise<boolean> {
    return Promise.resolve(false);
  }

  override async remove(targets: readonly ListedObject[]): Promise<ListedObject[]> {
    for (const { name } of targets) await this.store.delete(name);
    return [...targets];
  }
}

/** Looks again before it removes; and nobody waits for it. */
class Unawaited extends Sweeps {
  override passed(): Promise<boolean> {
    return Promise.resolve(false);
  }
}

const contents = Array.from({ length: 12 }, (_, place) => `content ${place}`);
const nameOf = ({ sha256: hash }: ArtifactRef): string => `store/sha256/${hash.slice(0, 2)}/${hash}`;
const keys = Array.from({ length: 6 }, (_, place) => sha256(`key ${place}`));
/** What a step gives is made of its key. */
const outputOf = (key: string): string[] =>
  contents.filter((content) => parseInt(sha256(key + content)[0]!, 16) < 6);

interface Round {
  readonly place: Place;
  readonly sweeps: (objects: ObjectStore) => Sweeps;
  readonly random: Dice;
  /** The calls that each collector makes before it is killed. */
  readonly lives?: number;
}

/** @returns what was gone that somebody referred to */
async function play({ place, sweeps, random, lives }: Round): Promise<string[]> {
  const { objects, files } = place;
  const missing: string[] = [];
  /** What the runs that are open refer to, from when they were given it. */
  const held = new Set<string>();
  const watched = intercepted(objects, {
    delete: async (name) => {
      await objects.delete(name);
      if (held.has(name)) missing.push(name);
    },
  });
  const open = (through: ObjectStore): { store: Artifacts; index: KeyIndex } => {
    const shared = sweeps(through);
    const store = new Artifacts(through, files, shared);
    return { store, index: new KeyIndex(through, store, shared) };
  };
  const former = open(objects);
  const aged: string[] = [];
  for (const content of contents) aged.push(nameOf(await former.store.putBytes(Buffer.from(content))));
  for (const key of keys.slice(0, 2)) {
    const output = await Promise.all(outputOf(key).map((each) => former.store.putBytes(Buffer.from(each))));
    await former.index.record({ key, activity: 'prepareData', run: 'former', output });
    aged.push(`keys/${key.slice(0, 2)}/${key}.json`, `uses/${key.slice(0, 2)}/${key}/runs/former`);
  }
  const ages = [graceMs + hour, graceMs + hour, renewAfterMs + hour, hour];
  for (const name of aged) place.age(name, ages[below(random, ages.length)]!);

  const writer = async (run: string): Promise<void> => {
    const { store, index } = open(watched);
    const user = { kind: 'runs', name: run, pipeline: null } as const;
    for (let step = 0; step < 3; step++) {
      await turns(below(random, 60));
      const key = keys[below(random, keys.length)]!;
      const record = await index.reuse(key, user);
      const given = record === null ? [] : (referencesIn(record.output) as ArtifactRef[]);
      if (record === null) {
        for (const content of outputOf(key)) {
          const ref = await store.putBytes(Buffer.from(content));
          hold(nameOf(ref));
          given.push(ref);
        }
        await index.record({ key, activity: 'prepareData', run, output: given }, user);
      }
      hold(`keys/${key.slice(0, 2)}/${key}.json`);
      for (const ref of given) hold(nameOf(ref));
    }
  };
  const hold = (name: string): void => {
    held.add(name);
    if (!place.has(name)) missing.push(name);
  };
  const collector = async (): Promise<void> => {
    await turns(below(random, 10));
    const through = lives === undefined ? watched : mortal(watched, lives);
    const before = objects.now() - graceMs;
    const none = { pipeline: null, open: new Set<string>(), completed: nobody() };
    const options = { before, retention: { before, ...none }, remove: true };
    const checkpoints = new CheckpointShelf({ objects: through, files, scratch: '' });
    await new Collector({ objects: through, files, checkpoints, sweeps: sweeps(through) }, options)
      .collect()
      .catch((error: unknown) => {
        if (error !== killed) throw error;
      });
  };
  const work = [writer('one'), writer('two'), writer('three'), collector(), collector()];
  await Promise.all(work);
  for (const name of held) if (!place.has(name)) missing.push(name);
  return missing;
}

const killed = new Error('killed');

/** A store that somebody has who is killed after so many calls. */
function mortal(store: ObjectStore, calls: number): ObjectStore {
  let left = calls;
  return new Proxy(store, {
    get: (target, field) => {
      const found: unknown = Reflect.get(target, field, target);
      if (typeof found !== 'function' || field === 'now') return found;
      return (...call: unknown[]) => {
        if (left-- <= 0) throw killed;
        return Reflect.apply(found, target, call) as unknown;
      };
    },
  });
}

/** A store of which some calls go otherwise. */
function intercepted(store: ObjectStore, calls: Partial<ObjectStore>): ObjectStore {
  return new Proxy(store, {
    get: (target, field) => {
      const found: unknown = Reflect.get(field in calls ? calls : target, field, target);
      return typeof found === 'function' ? (found as () => unknown).bind(target) : found;
    },
  });
}

async function* nobody(): AsyncIterable<never> {
  await Promise.resolve();
}

/** Turns of the event loop: what a call takes is counted in them, however busy the machine is. */
let ticks = 0;
const tick = (): void => {
  ticks++;
  ticking = setImmediate(tick);
};
let ticking: NodeJS.Immediate;
beforeAll(tick);
afterAll(() => clearImmediate(ticking));

/** Nobody is patient for longer than that a call which was sent may yet arrive. */
const careful = (objects: ObjectStore): Sweeps =>
  new Sweeps(objects, { pollMs: 1, patienceMs: 2_000, mostMs: 1_000, elapsed: () => ticks });

/** Until something is missing. @returns what */
async function played(
  rounds: number,
  kind: (random: Dice) => Place,
  sweeps: Round['sweeps'],
  killing = false,
): Promise<string[]> {
  for (let seed = 1; seed <= rounds; seed++) {
    const random = new Dice(seed);
    const place = kind(random);
    const lives = killing ? { lives: below(random, 80) } : {};
    const found = await play({ place, sweeps, random, ...lives }).finally(() => place.close());
    if (found.length > 0) return found.map((name) => `seed ${seed}: ${name}`);
  }
  return [];
}

describe('what is removed beside runs that write and reuse', { timeout: 120_000 }, () => {
  it.each([
    ['in memory', rounds, inMemory, careful],
    // Files take longer than turns.
    [
      'in a folder',
      Math.ceil(rounds / 40),
      inFolder,
      (objects: ObjectStore) => new Sweeps(objects, { pollMs: 1 }),
    ],
  ] as const)('is nothing that they refer to (%s)', async (_kind, count, kind, sweeps) => {
    expect(await played(count, kind, sweeps)).toEqual([]);
  });

  it('is nothing that they refer to where it is killed at any moment', async () => {
    expect(await played(rounds / 2, inMemory, careful, true)).toEqual([]);
  });

  it.each([
    ['is neither announced nor looked at again', (objects: ObjectStore) => new Unannounced(objects)],
    ['is looked at again, and not waited for', (objects: ObjectStore) => new Unawaited(objects)],
  ])('would be where it %s: these rounds tell', async (_how, sweeps) => {
    expect((await played(300, inMemory, sweeps)).length).toBeGreaterThan(0);
  });
});
