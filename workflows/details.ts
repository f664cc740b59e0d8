import type { Board, Member } from './board.js';

/** The state of a run's steps and folds, as Markdown tables. */
export function currentDetails(board: Board): string {
  const parts = [
    table(
      ['step', 'state', ''],
      board.steps.map(({ name }) => stepRow(board, name)),
    ),
  ];
  for (const { name, members } of board.steps) {
    if (members.length === 0) continue;
    parts.push(table([name, 'state', 'epochs', 'best F1', ''], board.of(name).map(memberRow)));
  }
  if (board.state === 'waiting') parts.unshift(`**Waiting for ${escaped(board.waitingFor ?? '')}.**`);
  return parts.join('\n\n');
}

function stepRow(board: Board, name: string): string[] {
  const members = board.of(name);
  const message = members.length === 1 ? (members[0]?.message ?? '') : '';
  return [name, board.stepState(name), message];
}

function memberRow({ index, state, epochs, bestF1, message }: Member): string[] {
  return [
    String(index),
    state,
    String(epochs.length),
    bestF1 === null ? '' : bestF1.toFixed(3),
    message ?? '',
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Pipes and line ends would break a table's row. */
function escaped(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
}
