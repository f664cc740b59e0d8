import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import type { RunState } from './progress.js';

/** The search attributes that a namespace has to know for runs to be found by them. */
export const searchAttributes = {
  pipeline: defineSearchAttributeKey('FoldwisePipeline', SearchAttributeType.KEYWORD),
  state: defineSearchAttributeKey('FoldwiseState', SearchAttributeType.KEYWORD),
  /** Cross-fitted, of completed runs. */
  macroF1: defineSearchAttributeKey('FoldwiseMacroF1', SearchAttributeType.DOUBLE),
} as const;

/** Makes a run findable; only what changed is sent, as each is an event of the history. */
export class RunAttributes {
  private state: RunState | null = null;

  constructor(
    /** Whether the namespace knows the attributes: an unknown one would block the run for ever. */
    private readonly registered: boolean,
    private readonly pipeline: string,
  ) {}

  show(state: RunState): void {
    if (!this.registered || state === this.state) return;
    const first = this.state === null;
    this.state = state;
    upsertSearchAttributes([
      ...(first ? [{ key: searchAttributes.pipeline, value: this.pipeline }] : []),
      { key: searchAttributes.state, value: state },
    ]);
  }

  showScore(macroF1: number | null): void {
    if (this.registered && macroF1 !== null)
      upsertSearchAttributes([{ key: searchAttributes.macroF1, value: macroF1 }]);
  }
}
