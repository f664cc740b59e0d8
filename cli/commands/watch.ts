import type { Command } from 'commander';
import { Interrupted } from '../failure.js';
import { takesRun, type GlobalOptions } from '../options.js';
import { findRun } from '../runs/find-run.js';
import { requireCompleted } from '../runs/outcome.js';
import { watchRun } from '../runs/watch-run.js';
import type { Console } from '../terminal/console.js';
import { openDisplay } from '../terminal/display.js';
import { withServer } from '../with-server.js';

/** `foldwise watch RUN`: a run's progress until its end. */
export function addWatch(program: Command, console: Console): void {
  takesRun(program.command('watch'))
    .summary('follow a run to its end')
    .description(
      'Follows a run as it goes on, from any machine that reaches the server. Leaving it, by Ctrl-C, does the run no harm. The exit code is 0 only if the run completed.',
    )
    .action(async (run: string, _options: unknown, command: Command) => {
      await withServer(command.optsWithGlobals<GlobalOptions>(), async ({ client }) => {
        const handle = await findRun(client, run);
        const leaving = new AbortController();
        process.once('SIGINT', () => leaving.abort());
        const display = openDisplay(console);
        const view = await watchRun(client, handle, display, leaving.signal).finally(() => display.close());
        if (leaving.signal.aborted) throw new Interrupted(`Left ${run}; it goes on.`);
        await requireCompleted(handle, view);
      });
    });
}
