import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { Command } from 'commander';
import type { MemberChoice } from '../../workflows/messages.js';
import { CommandFailure } from '../failure.js';
import { positiveInteger, takesRun, type GlobalOptions } from '../options.js';
import { findRun } from '../runs/find-run.js';
import type { Console } from '../terminal/console.js';
import { withServer } from '../with-server.js';

interface DecisionOptions extends GlobalOptions {
  readonly step: string;
  readonly fold?: number;
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
  return takesRun(command)
    .option('--step <step>', 'the step', 'fold')
    .option('--fold <number>', fold, positiveInteger);
}

function decide(update: 'retry' | 'skip', console: Console) {
  return async (run: string, _options: unknown, command: Command): Promise<void> => {
    const { step, fold, ...options } = command.optsWithGlobals<DecisionOptions>();
    const choice: MemberChoice = fold === undefined ? { step } : { step, index: fold };
    await withServer(options, async ({ client }) => {
      const handle = await findRun(client, run);
      const args: [MemberChoice] = [choice];
      const answer = handle.executeUpdate<string, [MemberChoice]>(update, { args });
      console.print(await answer.catch(rejected));
    });
  };
}

/** The run's own words on why it cannot do that. */
function rejected(error: unknown): never {
  if (!(error instanceof WorkflowUpdateFailedError)) throw error;
  throw new CommandFailure(error.cause?.message ?? error.message, 1);
}
