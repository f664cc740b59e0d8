import { WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import type { CellChoice } from '../../workflows/messages.js';
import { CommandFailure } from '../failure.js';
import { decisionSchema } from '../facts/run-control.js';
import { InputFault } from '../../errors/fault.js';
import type { GlobalOptions, JsonOption } from '../options.js';
import { decryptedAnswer } from '../runs/decoded.js';
import { findRun, type FoundRun } from '../runs/find-run.js';
import { printJson } from '../terminal/console.js';
import type { Action } from '../when-run.js';
import { withServer } from '../with-server.js';
import { workdirAt } from '../workdir.js';

interface DecideOptions extends GlobalOptions, JsonOption {
  readonly step: string;
  readonly fold?: number;
  readonly cell?: string;
}

export const retry = decide('retry');
export const skip = decide('skip');

type Decision = 'retry' | 'skip';

function decide(decision: Decision): Action<DecideOptions, [name: string]> {
  return async (console, { step, fold, cell, ...options }, name) => {
    const named = cell ?? (fold === undefined ? undefined : String(fold));
    const choice: CellChoice = named === undefined ? { step } : { step, cell: named };
    await withServer(options, async ({ client }) => {
      const found = await findRun(client, name, workdirAt(options.workdir));
      await requireOpen(found, decision);
      const answer = await tell(client, found, decision, choice);
      const { run, handle } = found;
      if (options.json !== true) return console.print(answer);
      printJson(console, decisionSchema, { run, workflowId: handle.workflowId, decision, answer });
    });
  };
}

/** Milliseconds that a worker has to take the decision. */
const patience = 20_000;

async function requireOpen({ run, handle }: FoundRun, decision: Decision): Promise<void> {
  const { status } = await handle.describe();
  if (status.name === 'RUNNING') return;
  throw new InputFault({
    where: `run ${run}`,
    what: `it has ended, so that there is nothing to ${decision}`,
    found: status.name.toLowerCase().replace('_', ' '),
    remedy: 'Start another one: what this one has done is reused.',
  });
}

async function tell(
  client: Client,
  { handle }: FoundRun,
  decision: Decision,
  choice: CellChoice,
): Promise<string> {
  try {
    const args: [CellChoice] = [choice];
    const answer = await client.withDeadline(Date.now() + patience, () =>
      handle.executeUpdate<string, [CellChoice]>(decision, { args }),
    );
    return decryptedAnswer(answer, 'the answer of the run');
  } catch (error) {
    // The run's own words on why it cannot do that.
    if (error instanceof WorkflowUpdateFailedError)
      throw new CommandFailure(error.cause?.message ?? error.message);
    throw error;
  }
}
