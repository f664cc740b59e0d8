import { completedRuns } from '../../activities/previous-run.js';
import { EnvironmentFault, InputFault } from '../../errors/fault.js';
import { amount, count } from '../../report/notation.js';
import { Collector, type Collected, type CollectorOptions } from '../../store/garbage/collector.js';
import { openState } from '../../worker/state.js';
import { requireStoreOf } from '../../worker/store-proof.js';
import { openStorePlace } from '../../worker/store-place.js';
import { collectedStoreSchema } from '../facts/store.js';
import type { GlobalOptions, JsonOption } from '../options.js';
import { openWork, untouchedSince, type OpenWork } from '../store/open-work.js';
import { printJson, type Console } from '../terminal/console.js';
import { tableLines } from '../terminal/table.js';
import { withServer } from '../with-server.js';
import { workdirAt } from '../workdir.js';

type Options = GlobalOptions &
  JsonOption & {
    readonly delete?: boolean;
    readonly keepDays?: number;
    readonly pipeline?: string;
    readonly offline?: boolean;
  };

const dayMs = 24 * 3_600_000;

/** Removes what no kept run refers to, or says what that is. */
export async function gc(console: Console, options: Options): Promise<void> {
  if (options.pipeline !== undefined && options.keepDays === undefined) {
    throw new InputFault({
      where: '--pipeline',
      what: 'it says whose runs are forgotten, and nothing says after how long',
      remedy: 'Add --keep-days.',
    });
  }
  const { path } = workdirAt(options.workdir);
  const { objects, files } = openStorePlace(path);
  const open = options.offline === true ? null : await whatIsOpen(options, path);
  // By which the clock of the store is known.
  await objects.stat('id');
  const before = untouchedSince(objects.now(), open);
  const collector = new Collector(
    { objects, files, checkpoints: openState(path).checkpoints },
    {
      before,
      retention: retentionOf(options, path, open, before, objects.now()),
      remove: options.delete === true,
    },
  );
  print(console, options, { place: objects.place, before, open, ...(await collector.collect()) });
}

/** @throws EnvironmentFault where no server says so, InputFault where one that knows nothing of the store would */
async function whatIsOpen(options: Options, workdir: string): Promise<OpenWork> {
  try {
    return await withServer(options, async (link) => {
      await requireStoreOf({ connection: link.client.connection, namespace: link.namespace }, workdir);
      return openWork(link);
    });
  } catch (error) {
    if (!(error instanceof EnvironmentFault)) throw error;
    const { details } = error;
    const remedy = `${details.remedy ?? ''} Without a server, --offline decides by age alone.`.trim();
    throw new EnvironmentFault({ ...details, remedy }, { cause: error });
  }
}

function retentionOf(
  { keepDays, pipeline }: Options,
  workdir: string,
  open: OpenWork | null,
  before: number,
  now: number,
): CollectorOptions['retention'] {
  // Of which runs these read the models only they know.
  if (keepDays === undefined || open?.scores === true) return null;
  return {
    before: Math.min(before, now - keepDays * dayMs),
    pipeline: pipeline ?? null,
    open: open?.names ?? new Set(),
    completed: completedRuns(openState(workdir)),
  };
}

interface Found extends Collected {
  readonly place: string;
  readonly before: number;
  readonly open: OpenWork | null;
}

function print(console: Console, options: Options, { place, before, open, kinds, forgotten }: Found): void {
  const removed = options.delete === true;
  const all = {
    objects: kinds.reduce((sum, { objects }) => sum + objects, 0),
    bytes: kinds.reduce((sum, { bytes }) => sum + bytes, 0),
  };
  const since = new Date(before).toISOString();
  if (options.json === true) {
    const facts =
      open === null ? null : { names: [...open.names].sort(), since: open.since?.toISOString() ?? null };
    return printJson(console, collectedStoreSchema, {
      place,
      removed,
      untouchedSince: since,
      open: facts,
      kinds: [...kinds],
      ...all,
      forgotten: [...forgotten],
    });
  }
  const lines = [...kinds, { kind: 'all', ...all }].map((sum) => [
    sum.kind,
    count(sum.objects),
    amount(sum.bytes),
  ]);
  for (const line of tableLines([[removed ? 'removed' : 'to remove', 'objects', 'size'], ...lines]))
    console.print(line);
  if (forgotten.length > 0)
    console.print(`${count(forgotten.length)} runs and scorings ${removed ? 'were' : 'would be'} forgotten.`);
  if (open?.scores === true && options.keepDays !== undefined)
    console.print('No run was forgotten: tables are being scored, maybe by models of runs that are old.');
  const oldest =
    open?.since == null ? '' : `; the oldest open run began ${open.since.toISOString().slice(0, 19)}`;
  console.print(`What was written since ${since.slice(0, 19)} stays${oldest}.`);
  if (!removed && all.objects > 0) console.print('Nothing was removed: --delete does it.');
}
