import { runStatusSchema } from '../facts/run-status.js';
import type { GlobalOptions, JsonOption } from '../options.js';
import { findRun } from '../runs/find-run.js';
import { observeRun } from '../runs/observe-run.js';
import type { RunView } from '../runs/run-view.js';
import { printJson, type Console } from '../terminal/console.js';
import { oneLine } from '../terminal/layout.js';
import { paint, wantsColor } from '../terminal/paint.js';
import { renderProgress } from '../terminal/render-progress.js';
import { withServer } from '../with-server.js';
import { workdirAt } from '../workdir.js';

export async function status(
  console: Console,
  options: GlobalOptions & JsonOption,
  name: string,
): Promise<void> {
  await withServer(options, async ({ client }) => {
    const found = await findRun(client, name, workdirAt(options.workdir));
    const view = await observeRun(client, found);
    if (options.json === true)
      return printJson(console, runStatusSchema, { workflowId: found.handle.workflowId, ...view });
    for (const line of statusLines(view, process.stdout)) console.print(line);
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
