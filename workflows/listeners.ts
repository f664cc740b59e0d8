import { ApplicationFailure, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Board, Decision, Member } from './board.js';
import {
  choiceOf,
  descriptions,
  epochFinishedSignal,
  epochOf,
  progressQuery,
  retryUpdate,
  shown,
  skipUpdate,
} from './messages.js';

/**
 * Answers the query, the updates and the signals of a run. Anyone can send them with anything in them:
 * what does not fit is rejected or ignored, and never thrown, since that would block the run.
 *
 * @param current the run's board; undefined while the pipeline is being read
 * @param show called after every change of the board
 */
export function listen(current: () => Board | undefined, show: () => void): void {
  setHandler(progressQuery, () => (current() ?? emptyBoard).progress(), {
    description: descriptions.progress,
  });
  setHandler(retryUpdate, (choice) => decide(current(), choice, 'retry', show), {
    validator: (choice) => void chosen(current(), choice),
    description: descriptions.retry,
  });
  setHandler(skipUpdate, (choice) => decide(current(), choice, 'skip', show), {
    validator: (choice) => void chosen(current(), choice),
    description: descriptions.skip,
  });
  setHandler(
    epochFinishedSignal,
    (body) => {
      current()?.hear(epochOf(body));
      show();
    },
    { description: descriptions.epochFinished },
  );
}

const emptyBoard = {
  progress: () => ({
    run: workflowInfo().workflowId,
    pipeline: '',
    state: 'running' as const,
    waitingFor: null,
    steps: [],
  }),
};

function decide(board: Board | undefined, body: unknown, decision: Decision, show: () => void): string {
  const members = chosen(board, body);
  for (const member of members) member.decision = decision;
  show();
  const names = members.map(({ name }) => name).join(', ');
  return decision === 'retry' ? `${names}: runs again` : `${names}: the run goes on without`;
}

/** @throws ApplicationFailure naming what could be chosen instead */
function chosen(board: Board | undefined, body: unknown): Member[] {
  if (board === undefined) throw rejected('the pipeline is still being read; try again in a moment');
  const choice = choiceOf(body);
  if (choice === null) throw rejected('expected {"step": <name>, "index": <fold>}, the index being optional');
  const { step, index } = choice;
  if (!board.members.has(step)) {
    throw rejected(`there is no step ${shown(step)}; there are ${[...board.members.keys()].join(', ')}`);
  }
  const waiting = (member: Member): boolean => member.awaitsDecision && member.decision === null;
  const members = board.of(step).filter((member) => index === undefined || member.index === index);
  if (members.some(waiting)) return members.filter(waiting);
  const name = index === undefined ? step : `${step} ${index}`;
  throw rejected(`${name} is not waiting for a decision; waiting: ${board.waitingFor ?? 'nothing'}`);
}

function rejected(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'Rejected');
}
