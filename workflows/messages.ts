import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { EpochFinished, EpochFinishedSignal } from '../activities/contracts.js';
import type { Progress } from './progress.js';

/** Which failed step or cells an update is about. */
export interface CellChoice {
  readonly step: string;
  /** A cell (`seed-42/3`), a member (`seed-42`) or a fold (`3`); without it every failed one of the step. */
  readonly cell?: string;
}

/** How much of what was sent is shown back. */
const mostShown = 80;

/** A name as it was sent, short enough for a message. */
export function shown(name: string): string {
  const text = JSON.stringify(name.slice(0, mostShown));
  return name.length > mostShown ? `${text}…` : text;
}

/** Null for what says no step: anyone can send anything. */
export function choiceOf(body: unknown): CellChoice | null {
  const fields = fieldsOf(body);
  const { step } = fields;
  // A fold may also be told by its number, as `index`.
  const cell = fields['cell'] ?? fields['index'];
  if (typeof step !== 'string') return null;
  if (cell === undefined) return { step };
  if (typeof cell === 'string') return { step, cell };
  return typeof cell === 'number' && Number.isInteger(cell) ? { step, cell: String(cell) } : null;
}

/** Null for what is no epoch of a fold: anyone can send anything. */
export function epochOf(body: unknown): EpochFinished | null {
  const { fold, member = '', metrics } = fieldsOf(body);
  const fields = fieldsOf(metrics);
  const [trainLoss, valLoss, macroF1] = [fields['trainLoss'], fields['valLoss'], fields['macroF1']].map(
    scoreOf,
  );
  const { epoch } = fields;
  if (typeof member !== 'string' || !isCount(fold) || !isCount(epoch)) return null;
  if (trainLoss === undefined || valLoss === undefined || macroF1 === undefined) return null;
  return { member, fold, metrics: { epoch, trainLoss, valLoss, macroF1 } };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0;
}

/** What is not a number comes through JSON as null. */
function scoreOf(value: unknown): number | undefined {
  if (value === null) return NaN;
  return typeof value === 'number' ? value : undefined;
}

export const progressQuery = defineQuery<Progress>('progress');
export const retryUpdate = defineUpdate<string, [unknown]>('retry');
export const skipUpdate = defineUpdate<string, [unknown]>('skip');
export const epochFinishedSignal = defineSignal<[unknown], EpochFinishedSignal>('epochFinished');

export const descriptions = {
  progress: 'Every step and cell with its state, its epochs and its best F1',
  retry: 'Reruns what failed, and only that: {"step": "fold", "cell": "3"}, or without cell all that failed',
  skip: 'Goes on without what failed, and says so in the result: {"step": "fold", "cell": "3"}',
  epochFinished: 'Sent by a fold at the end of each epoch',
} as const;
