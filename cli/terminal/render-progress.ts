import type { FoldHeartbeat } from '../../activities/contracts.js';
import { deviceWords } from '../../report/device-words.js';
import { duration, score } from '../../report/notation.js';
import {
  cellView,
  type CellView,
  type LiveActivity,
  type RunView,
  type ShownState,
  type ShownStep,
} from '../runs/run-view.js';
import { bar, columns, fit, oneLine, padEnd } from './layout.js';
import { paint, type Paint } from './paint.js';

export interface RenderOptions {
  /** Columns of the terminal; no line is longer. Infinity cuts nothing. */
  readonly width: number;
  readonly color: boolean;
  /** Lines at most; cells of a matrix beyond it are told in one line. Default: no limit. */
  readonly height?: number;
  /** Turns the spinner; default 0. */
  readonly tick?: number;
}

/** The whole screen of a run: a head line, the steps as a tree, a bar for each fold. */
export function renderProgress(view: RunView, options: RenderOptions): string[] {
  const ink = paint(options.color);
  const { progress } = view;
  const room = cellsThatFit(view, options.height ?? Infinity);
  const body = progress.steps.flatMap((step, i) =>
    stepLines(step, view, { ...options, ink, room, last: i === progress.steps.length - 1 }),
  );
  const devices = deviceLines(view, options.width, ink);
  return [headLine(view, options.width, ink), ...body, ...devices, ...endLines(view, options.width, ink)];
}

/** The cards that folds train on just now; nothing where that is the processor alone. */
function deviceLines({ live }: RunView, width: number, ink: Paint): string[] {
  const devices = live.flatMap(({ heartbeat }) => {
    const on = heartbeat?.on;
    return on === undefined || on.device === 'cpu' ? [] : [deviceWords(on)];
  });
  if (devices.length === 0) return [];
  return [ink.dim(fit(`on ${oneLine([...new Set(devices)].sort().join(', '))}`, width))];
}

interface StepOptions extends RenderOptions {
  readonly ink: Paint;
  /** How many cells of each matrix are drawn. */
  readonly room: number;
  readonly last: boolean;
}

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

function headLine({ progress, elapsedSeconds }: RunView, width: number, ink: Paint): string {
  const right = fit(`${progress.state}  ${duration(elapsedSeconds)}`, width);
  if (width === Infinity) {
    const parts = [ink.bold(oneLine(progress.pipeline)), ink.dim(oneLine(progress.run)), right];
    return parts.filter((part) => part !== '').join('  ');
  }
  const room = width - columns(right) - 2;
  const name = fit(oneLine(progress.pipeline), room);
  const gap = name === '' ? '' : '  ';
  const run = fit(oneLine(progress.run), room - columns(name) - gap.length);
  const left = run === '' ? ink.bold(name) : `${ink.bold(name)}${gap}${ink.dim(run)}`;
  return room < 1 ? right : `${padEnd(left, room)}  ${right}`;
}

/** What the run waits for, or why it ended. */
function endLines({ progress, failure }: RunView, width: number, ink: Paint): string[] {
  const { waitingFor, state } = progress;
  return [
    ...(waitingFor === null ? [] : [ink.yellow(fit(`waiting: ${oneLine(waitingFor)}`, width))]),
    ...(failure === null ? [] : [ink.red(fit(`${state}: ${oneLine(failure)}`, width))]),
  ];
}

function stepLines(step: ShownStep, view: RunView, options: StepOptions): string[] {
  const { ink, width, last } = options;
  const done = step.cells.filter(({ state }) => isDone(state)).length;
  const note = [
    step.cells.length > 0 && step.state !== 'reused' ? `${done} of ${step.cells.length}` : '',
    step.state === 'pending' && step.needs.length > 0 ? `after ${step.needs.join(', ')}` : '',
    step.state === 'reused' || step.state === 'queued' ? step.state : '',
    step.state === 'reused' ? '' : (step.message ?? ''),
  ].filter((part) => part !== '');
  const head = `${last ? '└─' : '├─'} `;
  const name = fit(oneLine(step.step), 24);
  const rest = width - columns(head) - 2 - columns(name) - 2;
  const text = fit(oneLine(note.join(', ')), Math.max(0, rest));
  const line = `${ink.dim(head)}${symbol(step.state, options)} ${name}  ${noteInk(step.state, ink)(text)}`;
  return [line.trimEnd(), ...cellLines(step, view, options)];
}

/** A line for each cell that there is room for. */
function cellLines(step: ShownStep, view: RunView, options: StepOptions): string[] {
  const cells = step.cells.map((cell, place) => ({ ...cellView(cell, view.live), place }));
  const shown = mostTelling(cells, options.room);
  const hidden = cells.filter((cell) => !shown.includes(cell));
  const stem = options.last ? '   ' : '│  ';
  const width = Math.max('fold 10'.length, ...shown.map((cell) => columns(label(cell))));
  const lines = shown.map((cell, i) => {
    const end = i === shown.length - 1 && hidden.length === 0;
    return cellLine(cell, `${stem}${end ? '└─' : '├─'} `, Math.min(width, longestLabel), options);
  });
  if (hidden.length > 0) lines.push(options.ink.dim(fit(`${stem}└─ ${tally(hidden)}`, options.width)));
  return lines;
}

const longestLabel = 36;

/** A fold by its number, where it is not one of several members' by the cell's name. */
function label({ member, cell, fold }: CellView): string {
  return member === '' ? `fold ${fold}` : oneLine(cell);
}

function cellLine(cell: CellView, head: string, labelWidth: number, options: StepOptions): string {
  const { ink, width } = options;
  const name = padEnd(fit(label(cell), labelWidth), labelWidth);
  const start = `${ink.dim(head)}${symbol(cell.state, options)} ${name} `;
  const free = width - columns(start);
  if (cell.share === null || free < 40) {
    return (start + noteInk(cell.state, ink)(cellWords(cell, free))).trimEnd();
  }
  const barWidth = Math.min(24, Math.max(8, free - 58));
  const words = cellWords(cell, free - barWidth - 1);
  return `${start}${ink.cyan(bar(cell.share, barWidth))} ${words}`.trimEnd();
}

/** Epoch, step, loss, F1, time left; or why there is none of it. Steps go first where space is short. */
function cellWords(cell: CellView, width: number): string {
  const { state, live, message, epochs, bestF1 } = cell;
  const f1 = bestF1 === null ? '' : `F1 ${score(bestF1)}`;
  if (state === 'completed' || state === 'reused') {
    const done = `epoch ${epochs.length}/${epochs.length}`;
    return fit(joined([epochs.length === 0 ? '' : done, f1, state === 'reused' ? 'reused' : '']), width);
  }
  if (live === null || (state !== 'running' && state !== 'queued'))
    return fit(oneLine(message ?? { pending: '', running: 'starting' }[state as string] ?? state), width);
  const attempt = live.attempt > 1 ? `attempt ${live.attempt}` : '';
  if (live.phase !== 'running') return fit(joined([live.phase, attempt, whyAgain(live)]), width);
  if (live.heartbeat === null) return fit(joined(['starting', attempt]), width);
  // After the last step the fold is judged and exported.
  const left = cell.share === 1 ? 'finishing' : leftWords(cell.secondsLeft);
  const parts = trainingWords(live.heartbeat, f1, left, attempt);
  return columns(joined(parts)) <= width ? joined(parts) : fit(joined(parts.toSpliced(1, 1)), width);
}

function leftWords(seconds: number | null): string {
  return seconds === null ? '' : `${duration(seconds)} left`;
}

/** Why a fold is tried again. That a worker was asked to stop is no failure. */
function whyAgain({ phase, handedOver, lastFailure }: LiveActivity): string {
  if (handedOver && phase !== 'paused') return 'handed over, as its worker was asked to stop';
  return oneLine(lastFailure ?? '');
}

function trainingWords(beat: FoldHeartbeat, f1: string, left: string, attempt: string): string[] {
  return [
    `epoch ${beat.epoch}/${beat.epochs}`,
    `step ${beat.step}/${beat.steps}`,
    Number.isFinite(beat.loss) ? `loss ${beat.loss.toFixed(3)}` : '',
    f1,
    left,
    beat.on === undefined || beat.on.device === 'cpu' ? '' : oneLine(beat.on.device),
    attempt,
  ];
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('  ');
}

/** How many cells of each matrix the height leaves room for; at least one. */
function cellsThatFit(view: RunView, height: number): number {
  const { progress } = view;
  const matrices = progress.steps.filter(({ cells }) => cells.length > 0).length;
  if (matrices === 0) return Infinity;
  const lines = deviceLines(view, Infinity, paint(false)).length;
  const free = height - 3 - lines - progress.steps.length - matrices;
  return Math.max(1, Math.floor(free / matrices));
}

const byInterest: Readonly<Record<ShownState, number>> = {
  failed: 0,
  running: 1,
  queued: 2,
  skipped: 3,
  pending: 4,
  completed: 5,
  reused: 6,
};

/** A cell with its place among those of its step. */
type PlacedCell = CellView & { readonly place: number };

/** The `room` cells that say most, in their own order; all where there is room. */
function mostTelling(cells: readonly PlacedCell[], room: number): PlacedCell[] {
  if (cells.length <= room) return [...cells];
  return cells
    .toSorted((a, b) => byInterest[a.state] - byInterest[b.state] || a.place - b.place)
    .slice(0, room)
    .sort((a, b) => a.place - b.place);
}

function tally(cells: readonly CellView[]): string {
  const states = Object.keys(byInterest) as ShownState[];
  const counts = states
    .map((state) => [cells.filter((cell) => cell.state === state).length, state] as const)
    .filter(([number]) => number > 0);
  return `and ${counts.map(([number, state]) => `${number} ${state}`).join(', ')}`;
}

function isDone(state: ShownState): boolean {
  return state === 'completed' || state === 'reused' || state === 'skipped';
}

function symbol(state: ShownState, { ink, tick = 0 }: StepOptions): string {
  if (state === 'running') return ink.cyan(spinner[tick % spinner.length] ?? '');
  if (state === 'completed') return ink.green('✓');
  if (state === 'reused') return ink.green('=');
  if (state === 'failed') return ink.red('✗');
  return state === 'skipped' ? ink.yellow('-') : ink.dim('·');
}

function noteInk(state: ShownState, ink: Paint): (text: string) => string {
  if (state === 'failed') return ink.red;
  return state === 'skipped' ? ink.yellow : ink.dim;
}
