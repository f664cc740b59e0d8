import { loss, score } from '../../report/notation.js';
import type { LiveActivity, RunView, ShownCell, ShownStep } from '../runs/run-view.js';
import { oneLine } from './layout.js';

/**
 * What changed between two moments of a run, a line each: for logs, where nothing can be redrawn.
 * `previous` is null at the start.
 */
export function plainProgress(previous: RunView | null, next: RunView): string[] {
  const lines = next.progress.steps.flatMap((step) => {
    const before = previous?.progress.steps.find((other) => other.step === step.step);
    const change = stepChange(before, step);
    const cells = cellChanges(before, step);
    // A step begins before its folds do, and ends after them.
    return isUnderWay(step) ? [...change, ...cells] : [...cells, ...change];
  });
  const attempts = next.live.flatMap((activity) => attemptChange(previous, activity));
  const { waitingFor } = next.progress;
  const waits = waitingFor !== null && waitingFor !== previous?.progress.waitingFor;
  return [...lines, ...attempts, ...(waits ? [`waiting: ${oneLine(waitingFor)}`] : [])];
}

function isUnderWay({ state }: ShownStep): boolean {
  return state === 'pending' || state === 'queued' || state === 'running';
}

function stepChange(before: ShownStep | undefined, step: ShownStep): string[] {
  if (step.state === (before?.state ?? 'pending')) return [];
  return [sentence(step.step, step.state, step.message)];
}

function cellChanges(before: ShownStep | undefined, step: ShownStep): string[] {
  const former = new Map(before?.cells.map((cell) => [cell.cell, cell]));
  return step.cells.flatMap((cell) => {
    const earlier = former.get(cell.cell);
    const name = `${step.step} ${cell.cell}`;
    const changed = cell.state !== (earlier?.state ?? 'pending');
    return [
      // The epochs of a fold that was not trained now are an earlier run's.
      ...(cell.state === 'reused' ? [] : newEpochs(name, earlier, cell)),
      ...(changed ? [sentence(name, cell.state, cell.message)] : []),
    ];
  });
}

function newEpochs(name: string, before: ShownCell | undefined, { epochs }: ShownCell): string[] {
  return epochs
    .slice(before?.epochs.length ?? 0)
    .map(
      ({ epoch, trainLoss, valLoss, macroF1 }) =>
        `${name}: epoch ${epoch}, training loss ${loss(trainLoss)}, validation loss ${loss(valLoss)}, macro F1 ${score(macroF1)}`,
    );
}

function attemptChange(previous: RunView | null, activity: LiveActivity): string[] {
  const before = previous?.live.find(({ activityId }) => activityId === activity.activityId);
  if (activity.attempt <= (before?.attempt ?? 1)) return [];
  const { activityId, attempt, lastFailure, handedOver } = activity;
  const why = lastFailure === null ? '' : `, after: ${oneLine(lastFailure)}`;
  return [
    `${activityId}: attempt ${attempt}${handedOver ? ', handed over, as its worker was asked to stop' : why}`,
  ];
}

function sentence(name: string, state: string, message: string | null): string {
  return message === null || state === 'reused'
    ? `${name}: ${state}`
    : `${name}: ${state}, ${oneLine(message)}`;
}
