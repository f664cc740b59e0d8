import { mainQueue } from '../../pipeline/activities.js';
import { AcceptedRuns } from '../../activities/admission.js';
import { requireDirectoryName } from '../../activities/owned-directory.js';
import { scoredTable } from '../../activities/scoring/scored-table.js';
import { Interrupted } from '../failure.js';
import { HostLog } from '../host/host-log.js';
import { openHost, type Host } from '../host/host.js';
import { onInterrupt } from '../host/interrupt.js';
import { openUnless } from '../host/serve.js';
import type { DeviceOption, GlobalOptions, JsonOption, ShareOptions } from '../options.js';
import { openScoreDisplay } from '../scoring/score-display.js';
import { tellScoreEnd } from '../scoring/score-outcome.js';
import { scoreNameOf, scoreRequest, scoreRoots, type ScoreArguments } from '../scoring/score-request.js';
import { acceptOpenScore, startScore } from '../scoring/start-score.js';
import { watchScore } from '../scoring/watch-score.js';
import type { Console } from '../terminal/console.js';
import { openTableFiles } from '../../worker/table-files.js';
import { workdirAt, writableWorkdir } from '../workdir.js';

interface ScoreOptions extends GlobalOptions, JsonOption, ShareOptions, DeviceOption, ScoreArguments {
  readonly name?: string;
}

const stopping = 'Stopping. The chunks that are scored are kept. Ctrl-C again stops at once.';

export async function score(
  console: Console,
  options: ScoreOptions,
  run: string,
  table: string,
): Promise<void> {
  const place = workdirAt(options.workdir);
  const request = await scoreRequest(run, table, options, place);
  // One that is elsewhere is looked at before anything is started.
  await openTableFiles(place.path, null).open(request.input.table, scoredTable);
  const workdir = await writableWorkdir(options.workdir);
  const name = options.name ?? scoreNameOf(request, new Date());
  requireDirectoryName(name, 'score');
  const roots = await scoreRoots(request);
  const accepts = new AcceptedRuns();
  const json = options.json === true;
  const display = openScoreDisplay(console, json);
  let host: Host | undefined;
  const interrupt = onInterrupt(
    () => display.note(stopping),
    () => host?.stopNow(),
  );
  const { slots, threads, device } = options;
  try {
    host = await openUnless(interrupt.signal, (signal) =>
      openHost({
        workdir,
        roots,
        log: new HostLog(workdir),
        signal,
        onMessage: (message) => display.note(message),
        beforeWork: ({ client }) => acceptOpenScore(client, request, accepts),
        accepts,
        queues: [mainQueue],
        device,
        ...(slots === undefined ? {} : { slots }),
        ...(threads === undefined ? {} : { threads }),
      }),
    );
    const { link } = host;
    const started = await startScore(link.client, request, name, accepts);
    if (started.attached) display.note(`Scoring ${started.run} of this table is open: it goes on.`);
    const following = watchScore(link.client, started, display, interrupt.signal);
    const view = await Promise.race([following, host.working.then(() => following)]).finally(() =>
      host?.stop(),
    );
    await link.close();
    display.close();
    if (view === null) throw new Interrupted('Stopped. The same command goes on with the rest.');
    await tellScoreEnd(console, started, view, { workdir, json });
  } finally {
    interrupt.close();
    display.close();
  }
}
