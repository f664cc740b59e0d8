import type { NativeConnection } from '@temporalio/worker';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { InputFault } from '../errors/fault.js';
import { createDurably } from '../store/durable-file.js';
import { errorCode, storageFault } from '../store/faults.js';
import { requireConditionalWrites } from '../store/objects/conditional-writes.js';
import { readObject } from '../store/objects/read-object.js';
import { configuredStore, openStorePlace } from './store-place.js';

/** A worker asks for work at least this often; one that has not asked for longer is gone. */
const askMs = 70_000;

/** Of a namespace's own data, in which it is noted whose store its runs are in. */
const noteKey = 'foldwise.store';

const markLength = 12;

/** Temporal's `TASK_QUEUE_TYPE_ACTIVITY`. */
const activityTasks = 2;

export interface StoreProofOptions {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly workdir: string;
  /** Whether the server's database is the workdir's own: then its runs are, too, whatever was noted. */
  readonly ownServer: boolean;
  /** Whether payloads are encrypted: then the note names no folder. */
  readonly encrypted?: boolean;
  /** Queues on which runs of the namespace are worked for. */
  readonly taskQueues: readonly string[];
}

/**
 * What all who share a store find in it, made once: in a workdir `.foldwise/id`, in S3 the object `id`.
 *
 * @throws InputFault where a bucket does not honour conditional writes, by which this is decided
 */
export async function storeMark(workdir: string): Promise<string> {
  await requireDecidingStore(workdir);
  return madeMark(workdir);
}

async function requireDecidingStore(workdir: string): Promise<void> {
  if (configuredStore() !== null) await requireConditionalWrites(openStorePlace(workdir).objects);
}

/** Makes the mark where there is none. @returns the one that is there then */
async function madeMark(workdir: string, mark = newMark()): Promise<string> {
  const bytes = new TextEncoder().encode(`${mark}\n`);
  const path = fileOfMark(workdir);
  try {
    if (configuredStore() === null) await createDurably(path, bytes);
    else await openStorePlace(workdir).objects.putIfAbsent('id', bytes);
  } catch (error) {
    throw storageFault(error, path, "writing the workdir's mark");
  }
  return (await presentMark(workdir)) ?? requireMark('', path);
}

/** Null where there is none. */
async function presentMark(workdir: string): Promise<string | null> {
  if (configuredStore() === null) {
    const path = fileOfMark(workdir);
    try {
      return requireMark(await readFile(path, 'utf8'), path);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return null;
      throw storageFault(error, path, "reading the workdir's mark");
    }
  }
  const { objects } = openStorePlace(workdir);
  const found = await readObject(objects, 'id', 1_000);
  return found === null
    ? null
    : requireMark(Buffer.from(found.bytes ?? []).toString(), `${objects.place}/id`);
}

function fileOfMark(workdir: string): string {
  return join(workdir, '.foldwise', 'id');
}

function newMark(): string {
  return randomUUID().replaceAll('-', '').slice(0, markLength);
}

function requireMark(text: string, where: string): string {
  const mark = text.trim();
  if (new RegExp(`^[0-9a-f]{${markLength}}$`).test(mark)) return mark;
  throw new InputFault({
    where,
    what: `this is not the mark of a ${configuredStore() === null ? 'workdir' : 'store'}`,
    expected: `${markLength} hexadecimal digits`,
    remedy: 'Remove it; it is made anew.',
  });
}

/** How a worker calls itself to the server, so that others see whose store it works in. */
export function workerIdentity(mark: string): string {
  return `${process.pid}@${hostname()}#${mark}`;
}

/**
 * Refuses to work beside workers, or for open runs, of another store: it would take their tasks and find
 * nothing of what they refer to. The namespace notes whose store its runs are in; where nobody works and
 * nothing is open, the note is this worker's to change. A store that has lost its mark is left without one
 * where it is refused: so that it stays to be seen, and a copy can be put back.
 *
 * @returns the store's mark
 * @throws InputFault naming both
 */
export async function requireSharedStore(options: StoreProofOptions): Promise<string> {
  await requireDecidingStore(options.workdir);
  const found = await presentMark(options.workdir);
  const noted = await notedStore(options);
  const ours = noted !== null && noted.mark === found;
  if (!options.ownServer) {
    // Two that start at once may both find the namespace free; and a server that keeps no notes still knows
    // who asks for work.
    const others = await otherWorkers(options, found);
    if (others.length > 0 || (noted !== null && !ours && (await hasOpenRuns(options)))) {
      // Made meanwhile, by one that starts at the same time.
      if (found === null && (await presentMark(options.workdir)) !== null) return requireSharedStore(options);
      throw noted !== null && !ours && noted.place === ownPlaceOf(options)
        ? emptied(options, noted, found, others)
        : refusal(options, ours ? null : (noted?.place ?? null), others);
    }
  }
  const mark = found ?? (await madeMark(options.workdir));
  const ownPlace = configuredStore() ?? options.workdir;
  const tellsTooMuch = options.encrypted === true && noted?.place.includes(ownPlace) === true;
  if (noted?.mark !== mark || tellsTooMuch) await note(options, mark);
  return mark;
}

/**
 * Refuses to decide by the runs of a namespace what a store is to keep, where these have another store.
 *
 * @throws InputFault
 */
export async function requireStoreOf(link: NamespaceLink, workdir: string): Promise<void> {
  const noted = await notedStore(link);
  const found = await presentMark(workdir);
  if (noted === null || noted.mark === found) return;
  throw new InputFault({
    where: configuredStore() ?? workdir,
    what: `the runs of the namespace ${link.namespace} have another store, so that it is not known which runs of this one are open`,
    found: `the mark ${found ?? 'of none'}`,
    expected: `the mark ${noted.mark}, of ${noted.place}`,
    remedy:
      'Name the server and namespace that its workers work for (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE), or the right --store or --workdir.',
  });
}

/**
 * Gives a store that was emptied the mark by which open runs know it, so that their workers go on there: what is lost
 * they make anew. Nothing else changes; where the mark is there, nothing does.
 *
 * @param mark as a worker named it that refused to start
 * @throws InputFault where the runs of the namespace have another store, or the store has a mark of its own
 */
export async function reinstateMark(link: NamespaceLink, workdir: string, mark: string): Promise<void> {
  await requireDecidingStore(workdir);
  const where = configuredStore() ?? workdir;
  const noted = await notedStore(link);
  if (noted?.mark !== mark) {
    throw new InputFault({
      where,
      what: `no run of the namespace ${link.namespace} knows its store by that mark`,
      found: mark,
      expected:
        noted === null
          ? 'a mark that the namespace notes: it notes none'
          : `${noted.mark}, of ${noted.place}`,
      remedy:
        'Name the mark that a worker names as it refuses to start, and the server and namespace it asks.',
    });
  }
  const found = (await presentMark(workdir)) ?? (await madeMark(workdir, mark));
  if (found === mark) return;
  throw new InputFault({
    where,
    what: 'it has a mark of its own: it is another store, or others have begun there since it was emptied',
    found,
    expected: `none, or ${mark}`,
    remedy:
      'Name the store that was emptied. If it is this one, stop whoever works there and remove its object `id`.',
  });
}

export interface NotedStore {
  readonly mark: string;
  readonly place: string;
}

/** Any client's connection, or a worker's. */
interface NamespaceLink {
  readonly connection: { readonly workflowService: NativeConnection['workflowService'] };
  readonly namespace: string;
}

/** Null where nobody noted one. */
export async function notedStore({ connection, namespace }: NamespaceLink): Promise<NotedStore | null> {
  const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace });
  const [, mark, place] = /^([0-9a-f]+) (.*)$/.exec(namespaceInfo?.data?.[noteKey] ?? '') ?? [];
  return mark === undefined || place === undefined ? null : { mark, place };
}

async function note(options: StoreProofOptions, mark: string): Promise<void> {
  const { connection, namespace } = options;
  const data = { [noteKey]: `${mark} ${ownPlaceOf(options)}` };
  // Not everybody may change a namespace, nor can every server keep the note.
  await connection.workflowService
    .updateNamespace({ namespace, updateInfo: { data } })
    .catch(() => undefined);
}

/** What is noted of where this worker's store is; where payloads are encrypted, only of which host it is. */
function ownPlaceOf({ workdir, encrypted = false }: StoreProofOptions): string {
  return encrypted ? `of ${hostname()}` : (configuredStore() ?? `${hostname()}:${workdir}`);
}

/** Workers of other stores that have asked for work lately. */
async function otherWorkers(options: StoreProofOptions, mark: string | null): Promise<string[]> {
  const { connection, namespace, taskQueues } = options;
  const since = Date.now() - askMs;
  const asking = await Promise.all(
    taskQueues.map(async (name) => {
      const { pollers } = await connection.workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name },
        taskQueueType: activityTasks,
      });
      return pollers ?? [];
    }),
  );
  const recent = asking
    .flat()
    .filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 > since);
  const identities = recent.map(({ identity }) => identity ?? '');
  const strangers = identities.filter((identity) => {
    const other = /#([0-9a-f]+)$/.exec(identity)?.[1];
    return other !== undefined && other !== mark;
  });
  return [...new Set(strangers)];
}

async function hasOpenRuns({ connection, namespace }: StoreProofOptions): Promise<boolean> {
  const query = 'WorkflowType = "pipeline" AND ExecutionStatus = "Running"';
  const { count } = await connection.workflowService.countWorkflowExecutions({ namespace, query });
  return Number(count) > 0;
}

/** The store of this worker, as a message says where. */
function ownStore(workdir: string): string {
  const store = configuredStore();
  return store === null ? `the workdir ${workdir}` : `the store ${store}`;
}

/** The place is that which was noted, and its mark is not: what open runs refer to is gone. */
function emptied(
  { workdir, namespace }: StoreProofOptions,
  noted: NotedStore,
  found: string | null,
  others: readonly string[],
): InputFault {
  const begun = found === null ? 'no mark' : `the mark ${found}`;
  const users = others.length === 0 ? '' : `; workers that began before: ${others.slice(0, 3).join(', ')}`;
  return new InputFault({
    where: ownStore(workdir),
    what: `it was emptied or replaced while runs of the namespace ${namespace} were open, and what they refer to is gone`,
    expected: `the mark ${noted.mark}`,
    found: `${begun}${users}`,
    remedy: `Put back what it held, from a copy or from the versions of the bucket, and start the worker again. Where there is no copy, \`foldwise store reinstate ${noted.mark}\` lets the open runs go on and make anew what was lost: see docs/store.md.`,
  });
}

function refusal(
  { workdir, namespace }: StoreProofOptions,
  place: string | null,
  others: readonly string[],
): InputFault {
  const another = configuredStore() === null ? 'another workdir' : 'another store';
  const whose =
    place === null ? another : `${place.startsWith('s3://') ? 'the store' : 'the workdir'} ${place}`;
  const found = others.length === 0 ? 'open runs of it' : `workers of it: ${others.slice(0, 3).join(', ')}`;
  return new InputFault({
    where: ownStore(workdir),
    what: `the namespace ${namespace} belongs to ${whose}, whose artifacts are not here`,
    found,
    remedy:
      'Start the worker with --workdir on that folder, or --store on that place in S3, or for another namespace (TEMPORAL_NAMESPACE). Once its runs have ended, and its workers for a minute, the namespace is free.',
  });
}
