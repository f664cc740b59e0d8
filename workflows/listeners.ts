import { ApplicationFailure, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Board, BoardCell, Decision } from './board.js';
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
  const validator = (choice: unknown, ...further: readonly never[]): void => {
    requireSoleChoice(further);
    chosen(current(), choice);
  };
  setHandler(retryUpdate, (choice) => decide(current(), choice, 'retry', show), {
    validator,
    description: descriptions.retry,
  });
  setHandler(skipUpdate, (choice) => decide(current(), choice, 'skip', show), {
    validator,
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
  const cells = chosen(board, body);
  for (const cell of cells) cell.decision = decision;
  show();
  const names = cells.map(({ name }) => name).join(', ');
  return decision === 'retry' ? `${names}: runs again` : `${names}: the run goes on without`;
}

/** @throws ApplicationFailure for more than one: the others would be read by nobody */
function requireSoleChoice(further: readonly unknown[]): void {
  if (further.length > 0)
    throw rejected(`found ${further.length + 1} inputs, expected one; decide one by one`);
}

/** @throws ApplicationFailure naming what could be chosen instead */
function chosen(board: Board | undefined, body: unknown): BoardCell[] {
  if (board === undefined) throw rejected('the pipeline is still being read; try again in a moment');
  const choice = choiceOf(body);
  if (choice === null)
    throw rejected('expected {"step": <name>, "cell": <cell, member or fold>}, the cell being optional');
  const { step, cell } = choice;
  if (!board.cells.has(step)) {
    throw rejected(`there is no step ${shown(step)}; there are ${[...board.cells.keys()].join(', ')}`);
  }
  const waiting = board
    .of(step)
    .filter(({ awaitsDecision, decision }) => awaitsDecision && decision === null);
  const found = cell === undefined ? waiting : waiting.filter((each) => isNamed(each, cell));
  if (found.length > 0) return found;
  const name = cell === undefined ? step : `${step} ${plain.test(cell) ? cell : shown(cell)}`;
  throw rejected(`${name} is not waiting for a decision; waiting: ${board.waitingFor ?? 'nothing'}`);
}

/** What may be shown as it was sent. */
const plain = /^[\w./-]{1,80}$/;

/** A cell answers to its own name, its member's and its fold's. */
function isNamed({ id, cell }: BoardCell, name: string): boolean {
  return cell !== null && [id, cell.member, String(cell.fold)].includes(name);
}

function rejected(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'Rejected');
}
