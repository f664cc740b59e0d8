import type { Command } from 'commander';
import { runStatusSchema } from '../facts/run-status.js';
import { printsJson, takesRun, type GlobalOptions, type JsonOption } from '../options.js';
import { findRun } from '../runs/find-run.js';
import { observeRun } from '../runs/observe-run.js';
import type { RunView } from '../runs/run-view.js';
import { printJson, type Console } from '../terminal/console.js';
import { oneLine } from '../terminal/layout.js';
import { paint, wantsColor } from '../terminal/paint.js';
import { renderProgress } from '../terminal/render-progress.js';
import { withServer } from '../with-server.js';
import { workdirAt } from '../workdir.js';

/** `foldwise status RUN`: one look at a run. */
export function addStatus(program: Command, console: Console): void {
  printsJson(takesRun(program.command('status')))
    .summary('show how far a run is')
    .description(
      'Shows the steps and folds of a run as they are now, from any machine that reaches the server; of a run that failed, why.',
    )
    .action(async (name: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & JsonOption>();
      await withServer(options, async ({ client }) => {
        const found = await findRun(client, name, workdirAt(options.workdir));
        const view = await observeRun(client, found);
        if (options.json === true)
          return printJson(console, runStatusSchema, { workflowId: found.handle.workflowId, ...view });
        for (const line of statusLines(view, process.stdout)) console.print(line);
      });
    });
}

/** Cut to a terminal's width, with what was cut after it in full; whole where it goes elsewhere. */
function statusLines(view: RunView, { isTTY, columns = 80 }: NodeJS.WriteStream): string[] {
  const color = wantsColor(process.stdout);
  const lines = renderProgress(view, { width: isTTY ? columns : Infinity, color });
  if (!lines.some((line) => line.includes('…'))) return lines;
  return [...lines, '', ...reasons(view).map(paint(color).red)];
}

function reasons({ progress, failure }: RunView): string[] {
  const failed = progress.steps.flatMap(({ step, cells }) =>
    cells.flatMap(({ cell, state, message }) =>
      state === 'failed' && message !== null ? [`${step} ${cell}: ${oneLine(message)}`] : [],
    ),
  );
  return [...failed, ...(failure === null ? [] : [`${progress.state}: ${oneLine(failure)}`])];
}
