import { shownProgress, type LiveActivity, type RunView } from '../../cli/runs/run-view.js';
import type { CellProgress, Progress, StepProgress, StepState } from '../../workflows/progress.js';

/** A run in the middle of its folds; the changes replace what they name. */
export function sampleView(
  changes: Partial<Progress> = {},
  live: readonly LiveActivity[] = [beat(2), { ...beat(3), heartbeat: null, phase: 'queued' }],
  failure: string | null = null,
): RunView {
  return {
    progress: shownProgress(
      {
        run: 'quickstart-1f2e3d4c',
        pipeline: 'quickstart',
        state: 'running',
        waitingFor: null,
        steps: [
          step('data', 'reused'),
          step(
            'fold',
            'running',
            ['data'],
            [
              cell(1, 'completed', 4),
              cell(2, 'running', 2),
              cell(3, 'running', 0),
              cell(4, 'failed', 1, 'the loss is not finite at step 12'),
              cell(5, 'pending', 0),
            ],
          ),
          step('oof', 'pending', ['data', 'fold']),
          step('report', 'pending', ['oof']),
        ],
        ...changes,
      },
      live,
    ),
    live,
    elapsedSeconds: 64,
    failure,
  };
}

export function step(
  name: string,
  state: StepState,
  needs: readonly string[] = [],
  cells: readonly CellProgress[] = [],
): StepProgress {
  return { step: name, run: 'prepareData', needs, state, message: null, cells };
}

export function cell(
  number: number,
  state: StepState,
  epochs: number,
  message: string | null = null,
): CellProgress {
  return {
    cell: String(number),
    member: '',
    fold: number,
    state,
    activityId: `fold-${number}`,
    message,
    epochs: Array.from({ length: epochs }, (_, i) => ({
      epoch: i + 1,
      trainLoss: 0.5,
      valLoss: 0.6,
      macroF1: 0.4 + 0.05 * i,
    })),
    bestF1: epochs === 0 ? null : 0.4 + 0.05 * (epochs - 1),
  };
}

/** A cell of a matrix over more than folds. */
export function memberCell(member: string, number: number, state: StepState, epochs: number): CellProgress {
  const id = `${member}/${number}`;
  return { ...cell(number, state, epochs), cell: id, member, activityId: `fold-${id}` };
}

export function beat(fold: number): LiveActivity {
  return {
    activityId: `fold-${fold}`,
    attempt: 1,
    phase: 'running',
    lastFailure: null,
    handedOver: false,
    heartbeat: { fold, epoch: 3, epochs: 4, step: 76, steps: 152, loss: 0.4321, secondsPerStep: 0.5 },
  };
}
