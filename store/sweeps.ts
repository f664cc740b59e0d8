import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { eachOf } from './each-of.js';
import type { ListedObject, ObjectStore } from './objects/object-store.js';
import { readSealed, sealed } from './sealed-json.js';

/** Below it stands what is about to be removed. */
export const sweepsPrefix = 'sweeps/';

const announcementSchema = z.object({ names: z.array(z.string()) });

export interface SweepsOptions {
  /** Between looks at whether a removal has ended. Default 100 ms. */
  readonly pollMs: number;
  /** One that was seen unchanged for so long is over: whoever began it has stopped by then. Default 60 s. */
  readonly patienceMs: number;
  /** Nothing is removed later than that after it was announced. Default 20 s. */
  readonly mostMs: number;
  /** Milliseconds that have gone by in this process. */
  readonly elapsed: () => number;
}

/** Objects that are removed at once. */
const removers = 8;

/**
 * Removals of what nothing refers to, beside those who begin to refer to it.
 *
 * A store deletes whatever is under a name: the same bytes written anew have the same version, so that no
 * precondition tells them from what was there before. So whoever removes first announces the names, then
 * looks at each once more, removes what is still not wanted, and takes the announcement back. Whoever wants an
 * object says so first (writes it anew, or a mark beside it), then looks whether its name is announced, waits until
 * that is over, and then looks whether the object is there. What was announced before that look is over by then, its
 * removals seen; what is announced later looks at the object after it was said to be wanted. So no order of their steps
 * removes what is wanted.
 */
export class Sweeps {
  private readonly options: SweepsOptions;
  /** Names by announcement, which never changes, and since when this process has seen it. */
  private readonly seen = new Map<string, { readonly names: ReadonlySet<string>; readonly since: number }>();

  constructor(
    private readonly objects: ObjectStore,
    options: Partial<SweepsOptions> = {},
  ) {
    this.options = {
      pollMs: 100,
      patienceMs: 60_000,
      mostMs: 20_000,
      elapsed: () => performance.now(),
      ...options,
    };
  }

  /** Waits until nobody is about to remove any of these. @returns whether somebody was */
  async passed(...names: readonly string[]): Promise<boolean> {
    for (let waited = false; ; waited = true) {
      if (!(await this.areAnnounced(names))) return waited;
      await delay(this.options.pollMs);
    }
  }

  /**
   * Removes objects, each unless it is wanted by then. Not all, where that takes too long or the process stood
   * still: what is left is found by whoever comes next.
   *
   * @returns those that were removed
   */
  async remove(
    targets: readonly ListedObject[],
    isUnwanted: (target: ListedObject) => Promise<boolean>,
  ): Promise<ListedObject[]> {
    const announcement = `${sweepsPrefix}${randomUUID()}.json`;
    const removed: ListedObject[] = [];
    const late = this.stopwatch();
    await this.objects.put(announcement, sealed({ names: targets.map(({ name }) => name) }));
    // Left where anything fails: the call may yet reach the store.
    await eachOf(targets, removers, async (target) => {
      if (!(await isUnwanted(target)) || late()) return;
      await this.objects.delete(target.name);
      removed.push(target);
    });
    await this.objects.delete(announcement);
    return removed;
  }

  private async areAnnounced(names: readonly string[]): Promise<boolean> {
    const { elapsed, patienceMs } = this.options;
    const present = new Set<string>();
    for await (const { name } of this.objects.list(sweepsPrefix)) present.add(name);
    for (const name of this.seen.keys()) if (!present.has(name)) this.seen.delete(name);
    for (const name of present) {
      const announced = this.seen.get(name) ?? (await this.read(name));
      if (announced === null || elapsed() - announced.since > patienceMs) continue;
      if (names.some((each) => announced.names.has(each))) return true;
    }
    return false;
  }

  private async read(
    name: string,
  ): Promise<{ readonly names: ReadonlySet<string>; readonly since: number } | null> {
    const found = await readSealed(this.objects, name, announcementSchema);
    if (found === null) return null;
    const entry = { names: new Set(found.value?.names), since: this.options.elapsed() };
    this.seen.set(name, entry);
    return entry;
  }

  /** Whether it took too long, by what this process saw go by or by the clock: either stands still while a machine sleeps. */
  private stopwatch(): () => boolean {
    const { elapsed, mostMs } = this.options;
    const [began, beganAt] = [elapsed(), Date.now()];
    return () => Math.max(elapsed() - began, Math.abs(Date.now() - beganAt)) > mostMs;
  }
}
