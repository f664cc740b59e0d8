import { WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import { Option, type Command } from 'commander';
import type { CellChoice } from '../../workflows/messages.js';
import { CommandFailure } from '../failure.js';
import { decisionSchema } from '../facts/run-control.js';
import { InputFault } from '../../errors/fault.js';
import { positiveInteger, printsJson, takesRun, type GlobalOptions, type JsonOption } from '../options.js';
import { decryptedAnswer } from '../runs/decoded.js';
import { findRun, type FoundRun } from '../runs/find-run.js';
import { printJson, type Console } from '../terminal/console.js';
import { withServer } from '../with-server.js';
import { workdirAt } from '../workdir.js';

interface DecisionOptions extends GlobalOptions, JsonOption {
  readonly step: string;
  readonly fold?: number;
  readonly cell?: string;
}

/** `foldwise retry RUN`: reruns what failed, and only that. */
export function addRetry(program: Command, console: Console): void {
  takesDecision(program.command('retry'), 'the fold to rerun, from 1 (default: all that failed)')
    .summary('rerun what failed, and only that')
    .description('Reruns the failed folds of a run that waits, and nothing else.')
    .action(decide('retry', console));
}

/** `foldwise skip RUN --fold N`: goes on without a fold. */
export function addSkip(program: Command, console: Console): void {
  takesDecision(program.command('skip'), 'the fold to go on without, from 1 (default: all that failed)')
    .summary('go on without a failed fold')
    .description(
      'Lets a run that waits go on without a failed fold. The result says so: the rows of that fold are left out of the scores, and the ensemble does without its model.',
    )
    .action(decide('skip', console));
}

function takesDecision(command: Command, fold: string): Command {
  return printsJson(takesRun(command))
    .option('--step <step>', 'the step', 'fold')
    .option('--fold <number>', fold, positiveInteger)
    .addOption(
      new Option(
        '--cell <name>',
        'of a matrix over more than folds: a cell, as in seed-42/3, or a whole member, as in seed-42',
      ).conflicts('fold'),
    );
}

function decide(decision: Decision, console: Console) {
  return async (name: string, _options: unknown, command: Command): Promise<void> => {
    const { step, fold, cell, ...options } = command.optsWithGlobals<DecisionOptions>();
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

type Decision = 'retry' | 'skip';

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
