import { cancellationSchema } from '../facts/run-control.js';
import type { GlobalOptions, JsonOption } from '../options.js';
import { findRun } from '../runs/find-run.js';
import { findScore } from '../scoring/find-score.js';
import { printJson, type Console } from '../terminal/console.js';
import { withServer } from '../with-server.js';
import { workdirAt } from '../workdir.js';

export async function cancel(
  console: Console,
  options: GlobalOptions & JsonOption,
  name: string,
): Promise<void> {
  await withServer(options, async ({ client }) => {
    const { run, handle } =
      (await findScore(client, name)) ?? (await findRun(client, name, workdirAt(options.workdir)));
    const { status } = await handle.describe();
    const ended = status.name !== 'RUNNING';
    if (!ended) await handle.cancel();
    if (options.json === true)
      return printJson(console, cancellationSchema, { run, workflowId: handle.workflowId, ended });
    console.print(
      ended ? `${run}: it has ended already (${status.name.toLowerCase()})` : `${run}: asked to end`,
    );
  });
}
