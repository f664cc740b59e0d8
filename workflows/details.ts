import { setCurrentDetails } from '@temporalio/workflow';
import type { Board, BoardCell } from './board.js';

/**
 * The details that the Web UI shows. Many folds may change at one time, so the tables are drawn once
 * after all of them: drawn at each, a thousand folds would take longer than a workflow may.
 */
export class LiveDetails {
  private stale = false;

  constructor(private readonly board: Board) {}

  changed(): void {
    if (this.stale) return;
    this.stale = true;
    void Promise.resolve().then(() => this.show());
  }

  show(): void {
    this.stale = false;
    setCurrentDetails(currentDetails(this.board));
  }
}

/** The state of a run's steps and folds, as Markdown tables. */
export function currentDetails(board: Board): string {
  const parts = [
    table(
      ['step', 'state', ''],
      board.steps.map(({ name }) => stepRow(board, name)),
    ),
  ];
  for (const { name, cells } of board.steps) {
    if (cells.length === 0) continue;
    parts.push(table([name, 'state', 'epochs', 'best F1', ''], board.of(name).map(cellRow)));
  }
  if (board.state === 'waiting') parts.unshift(`**Waiting for ${escaped(board.waitingFor ?? '')}.**`);
  if (board.ignored > 0) {
    parts.push(`Ignored: ${board.ignored} signals that no fold in training can have sent.`);
  }
  if (board.scores !== null) parts.unshift(scoreLine(board.scores));
  return parts.join('\n\n');
}

function scoreLine({ crossFitted, tuned, atHalf }: NonNullable<Board['scores']>): string {
  // What is not a number comes through JSON as null.
  const words = (value: number | null): string => (value === null ? '–' : value.toFixed(3));
  return `**Macro F1** ${words(crossFitted)} cross-fitted, ${words(tuned)} tuned, ${words(atHalf)} at 0.5`;
}

function stepRow(board: Board, name: string): string[] {
  const cells = board.of(name);
  const message = cells.length === 1 ? (cells[0]?.message ?? '') : '';
  return [name, board.stepState(name), message];
}

function cellRow({ id, state, epochs, bestF1, message }: BoardCell): string[] {
  return [id, state, String(epochs.length), bestF1 === null ? '' : bestF1.toFixed(3), message ?? ''];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Pipes and line ends would break a table's row. */
function escaped(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
}
