import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { EpochFinished, EpochFinishedSignal } from '../activities/contracts.js';
import type { Progress } from './progress.js';

/** Which failed step or fold an update is about. */
export interface MemberChoice {
  readonly step: string;
  /** The fold, 1 … K; without it every failed one of the step. */
  readonly index?: number;
}

export const progressQuery = defineQuery<Progress>('progress');
export const retryUpdate = defineUpdate<string, [MemberChoice]>('retry');
export const skipUpdate = defineUpdate<string, [MemberChoice]>('skip');
export const epochFinishedSignal = defineSignal<[EpochFinished], EpochFinishedSignal>('epochFinished');

export const descriptions = {
  progress: 'Every step and fold with its state, its epochs and its best F1',
  retry: 'Reruns what failed, and only that: {"step": "fold", "index": 3}, or without index all that failed',
  skip: 'Goes on without what failed, and says so in the result: {"step": "fold", "index": 3}',
  epochFinished: 'Sent by a fold at the end of each epoch',
} as const;
