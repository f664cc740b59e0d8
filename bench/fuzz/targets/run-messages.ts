import { InputFault } from '../../../errors/fault.js';
import { planSteps } from '../../../pipeline/dag.js';
import { requireResolved } from '../../../pipeline/resolved.js';
import { Board } from '../../../workflows/board.js';
import { choiceOf, epochOf } from '../../../workflows/messages.js';
import { samplePipeline } from '../calls.js';
import { mutateBytes, mutateJson } from '../mutations.js';
import type { FuzzTarget } from '../target.js';

const epoch = { member: '', fold: 2, metrics: { epoch: 1, trainLoss: 0.5, valLoss: null, macroF1: 0.5 } };
const choice = { step: 'fold', cell: 'seed-1/2' };

/** Signals and updates of a run as they come, also as no JSON at all. */
export const runMessages: FuzzTarget = {
  name: 'run-messages',
  reads: 'signals and updates of a run',
  extension: '.json',
  make(dice) {
    const sample = dice.one([epoch, epoch, choice]);
    if (dice.between(0, 1) < 0.1) return Buffer.from(JSON.stringify(sample));
    if (dice.between(0, 1) < 0.2) return mutateBytes(dice, Buffer.from(JSON.stringify(sample)));
    return Buffer.from(JSON.stringify(mutateJson(dice, sample) ?? null));
  },
  run(input) {
    const body = parsed(input);
    const pipeline = requireResolved(samplePipeline('/workdir'));
    const board = new Board('run', pipeline.name, planSteps(pipeline), pipeline.training.epochs);
    for (const cell of board.of('fold')) cell.become('running');
    board.hear(epochOf(body));
    JSON.stringify(board.progress());
    if (board.ignored > 0 && choiceOf(body) === null)
      return Promise.reject(new InputFault({ where: 'the message', what: 'it is ignored' }));
    return Promise.resolve(board.ignored);
  },
};

function parsed(input: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(input).toString('utf8'));
  } catch {
    return null;
  }
}
