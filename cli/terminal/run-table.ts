import { count, duration, score } from '../../report/notation.js';
import type { ListedRun } from '../facts/run-list.js';
import { columns, oneLine } from './layout.js';
import type { Paint } from './paint.js';
import { tableLines } from './table.js';

/** Digits of a digest that a person compares. */
const shortDigest = 8;

/** The runs as a table; where that is wider than the terminal, each run on lines of its own. */
export function runTable(runs: readonly ListedRun[], now: Date, width: number, ink: Paint): string[] {
  if (runs.length === 0) return ['no runs yet'];
  const cells = runs.map((run) => cellsOf(run, now, ink));
  const lines = tableLines([heads, ...cells], 'left');
  if (lines.every((line) => columns(line) <= width))
    return lines.map((line, place) => (place === 0 ? ink.dim(line) : line));
  return cells.flatMap(([run = '', state = '', ...facts]) => [
    `${run}  ${state}`,
    ...wrapped(
      facts.map((fact, place) => `${ink.dim(heads[place + 2]!)} ${fact}`),
      width,
    ),
  ]);
}

const heads = ['run', 'state', 'macro F1', '95 % interval', 'data', 'folds', 'took', 'started'];

function cellsOf(run: ListedRun, now: Date, ink: Paint): string[] {
  const { interval, data, folds, members, startedAt, seconds } = run;
  return [
    oneLine(run.run),
    stateWords(run.state, ink),
    score(run.crossFitted),
    interval === null ? score(null) : `${score(interval[0])} to ${score(interval[1])}`,
    data === null ? score(null) : oneLine(dataWords(data)),
    folds === null ? score(null) : `${folds}${members === null || members === 1 ? '' : ` × ${members}`}`,
    duration(seconds),
    `${duration((now.getTime() - new Date(startedAt).getTime()) / 1000)} ago`,
  ];
}

/** `train.csv, 2,764 rows`, and the start of its digest where that is known. */
export function dataWords({ train, rows, digest }: NonNullable<ListedRun['data']>): string {
  const digits = digest === null ? '' : ` ${digest.slice(0, shortDigest)}`;
  return `${train}, ${count(rows)} rows${digits}`;
}

/** Facts side by side, as many as fit on a line. */
function wrapped(facts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const fact of facts) {
    const joined = `${lines.at(-1)}, ${fact}`;
    if (lines.length > 0 && columns(joined) <= width) lines[lines.length - 1] = joined;
    else lines.push(`  ${fact}`);
  }
  return lines;
}

function stateWords(state: ListedRun['state'], ink: Paint): string {
  switch (state) {
    case null:
      return '?';
    case 'completed':
      return ink.green(state);
    case 'failed':
      return ink.red(state);
    case 'waiting':
      return ink.yellow(state);
    case 'running':
      return ink.cyan(state);
    case 'cancelled':
      return state;
  }
}
