import type { FoldHeartbeat } from '../../activities/contracts.js';
import { duration, score } from '../../report/notation.js';
import {
  memberView,
  type LiveActivity,
  type MemberView,
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
  /** Lines at most; members of a matrix beyond it are told in one line. Default: no limit. */
  readonly height?: number;
  /** Turns the spinner; default 0. */
  readonly tick?: number;
}

/** The whole screen of a run: a head line, the steps as a tree, a bar for each fold. */
export function renderProgress(view: RunView, options: RenderOptions): string[] {
  const ink = paint(options.color);
  const { progress } = view;
  const room = membersThatFit(view, options.height ?? Infinity);
  const body = progress.steps.flatMap((step, i) =>
    stepLines(step, view, { ...options, ink, room, last: i === progress.steps.length - 1 }),
  );
  return [headLine(view, options.width, ink), ...body, ...endLines(view, options.width, ink)];
}

interface StepOptions extends RenderOptions {
  readonly ink: Paint;
  /** How many members of each matrix are drawn. */
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
  const done = step.members.filter(({ state }) => isDone(state)).length;
  const note = [
    step.members.length > 0 && step.state !== 'reused' ? `${done} of ${step.members.length}` : '',
    step.state === 'pending' && step.needs.length > 0 ? `after ${step.needs.join(', ')}` : '',
    step.state === 'reused' || step.state === 'queued' ? step.state : '',
    step.state === 'reused' ? '' : (step.message ?? ''),
  ].filter((part) => part !== '');
  const head = `${last ? '└─' : '├─'} `;
  const name = fit(oneLine(step.step), 24);
  const rest = width - columns(head) - 2 - columns(name) - 2;
  const text = fit(oneLine(note.join(', ')), Math.max(0, rest));
  const line = `${ink.dim(head)}${symbol(step.state, options)} ${name}  ${noteInk(step.state, ink)(text)}`;
  return [line.trimEnd(), ...memberLines(step, view, options)];
}

function memberLines(step: ShownStep, view: RunView, options: StepOptions): string[] {
  const members = step.members.map((member) => memberView(member, view.live));
  const shown = mostTelling(members, options.room);
  const hidden = members.filter((member) => !shown.includes(member));
  const stem = options.last ? '   ' : '│  ';
  const lines = shown.map((member, i) => {
    const end = i === shown.length - 1 && hidden.length === 0;
    return memberLine(member, `${stem}${end ? '└─' : '├─'} `, options);
  });
  if (hidden.length > 0) lines.push(options.ink.dim(fit(`${stem}└─ ${tally(hidden)}`, options.width)));
  return lines;
}

function memberLine(member: MemberView, head: string, options: StepOptions): string {
  const { ink, width } = options;
  const label = padEnd(`fold ${member.index}`, 'fold 10'.length);
  const start = `${ink.dim(head)}${symbol(member.state, options)} ${label} `;
  const free = width - columns(start);
  if (member.share === null || free < 40) {
    return (start + noteInk(member.state, ink)(memberWords(member, free))).trimEnd();
  }
  const barWidth = Math.min(24, Math.max(8, free - 58));
  const words = memberWords(member, free - barWidth - 1);
  return `${start}${ink.cyan(bar(member.share, barWidth))} ${words}`.trimEnd();
}

/** Epoch, step, loss, F1, time left; or why there is none of it. Steps go first where space is short. */
function memberWords(member: MemberView, width: number): string {
  const { state, live, message, epochs, bestF1 } = member;
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
  const left = member.share === 1 ? 'finishing' : leftWords(member.secondsLeft);
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
    attempt,
  ];
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('  ');
}

/** How many members of each matrix the height leaves room for; at least one. */
function membersThatFit({ progress }: RunView, height: number): number {
  const matrices = progress.steps.filter(({ members }) => members.length > 0).length;
  if (matrices === 0) return Infinity;
  const free = height - 3 - progress.steps.length - matrices;
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

/** The `room` members that say most, in their own order; all where there is room. */
function mostTelling(members: readonly MemberView[], room: number): MemberView[] {
  if (members.length <= room) return [...members];
  return members
    .toSorted((a, b) => byInterest[a.state] - byInterest[b.state] || a.index - b.index)
    .slice(0, room)
    .sort((a, b) => a.index - b.index);
}

function tally(members: readonly MemberView[]): string {
  const states = Object.keys(byInterest) as ShownState[];
  const counts = states
    .map((state) => [members.filter((member) => member.state === state).length, state] as const)
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
