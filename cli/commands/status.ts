import type { Command } from 'commander';
import { printsJson, takesRun, type GlobalOptions, type JsonOption } from '../options.js';
import { findRun } from '../runs/find-run.js';
import { observeRun } from '../runs/observe-run.js';
import { printJson, type Console } from '../terminal/console.js';
import { wantsColor } from '../terminal/paint.js';
import { renderProgress } from '../terminal/render-progress.js';
import { withServer } from '../with-server.js';

/** `foldwise status RUN`: one look at a run. */
export function addStatus(program: Command, console: Console): void {
  printsJson(takesRun(program.command('status')))
    .summary('show how far a run is')
    .description(
      'Shows the steps and folds of a run as they are now, from any machine that reaches the server.',
    )
    .action(async (run: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & JsonOption>();
      const view = await withServer(options, async ({ client }) =>
        observeRun(client, await findRun(client, run)),
      );
      if (options.json === true) return printJson(console, view);
      const width = process.stdout.columns ?? 100;
      const lines = renderProgress(view, { width, color: wantsColor(process.stdout) });
      console.print(lines.join('\n'));
    });
}
