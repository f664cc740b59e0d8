import type { Command } from 'commander';
import { AcceptedRuns } from '../../activities/admission.js';
import { requireDirectoryName } from '../../activities/owned-directory.js';
import { Interrupted } from '../failure.js';
import { HostLog } from '../host/host-log.js';
import { openHost, type Host } from '../host/host.js';
import { onInterrupt } from '../host/interrupt.js';
import { openUnless } from '../host/serve.js';
import {
  printsJson,
  takesRun,
  takesShares,
  type GlobalOptions,
  type JsonOption,
  type ShareOptions,
} from '../options.js';
import { collectThreshold } from '../predict/other-thresholds.js';
import { openScoreDisplay } from '../scoring/score-display.js';
import { tellScoreEnd } from '../scoring/score-outcome.js';
import { scoreNameOf, scoreRequest, scoreRoots, type ScoreArguments } from '../scoring/score-request.js';
import { acceptOpenScore, startScore } from '../scoring/start-score.js';
import { watchScore } from '../scoring/watch-score.js';
import type { Console } from '../terminal/console.js';
import { workdirAt, writableWorkdir } from '../workdir.js';

interface ScoreCommandOptions extends GlobalOptions, JsonOption, ShareOptions, ScoreArguments {
  readonly name?: string;
}

/** `foldwise score RUN|FOLDER TABLE`: server, worker and scoring in one. */
export function addScore(program: Command, console: Console): void {
  takesShares(takesScoreOptions(printsJson(takesRun(program.command('score')))))
    .summary('score a table in durable chunks: server, worker and scoring in one')
    .description(
      'Scores a table of any size by the ensemble of a completed run, or of an exported folder, chunk by chunk, and tells how far its rows are from the training rows. What was scored before is reused: stopped or killed, the same command goes on.',
    )
    .argument('<table>', 'the texts: a column as in the pipeline, ids if it has them')
    .option('--name <name>', 'the folder below scores/ (default: the table, the time and a digest)')
    .addHelpText(
      'after',
      `
Examples:
  foldwise score RUN reviews.csv
  foldwise score FOLDER reviews.csv --probabilities --name reviews-november`,
    )
    .action(async (run: string, table: string, _options: unknown, command: Command) => {
      await score(console, run, table, command.optsWithGlobals<ScoreCommandOptions>());
    });
}

/** Adds what is said of a scoring besides what is scored by what. */
export function takesScoreOptions(command: Command): Command {
  return command
    .option('--probabilities', 'write the probabilities, p_<label>, in place of the labels')
    .option(
      '--threshold <number>',
      "decide by it in place of the ensemble's thresholds; label=number for one label (repeatable)",
      collectThreshold,
    )
    .option('--int8', 'in 8 bits: of a folder that was exported with them');
}

const stopping = 'Stopping. The chunks that are scored are kept. Ctrl-C again stops at once.';

async function score(
  console: Console,
  run: string,
  table: string,
  options: ScoreCommandOptions,
): Promise<void> {
  const request = await scoreRequest(run, table, options, workdirAt(options.workdir));
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
  const { slots, threads } = options;
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
        queues: ['main'],
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
