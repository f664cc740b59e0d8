import { MockActivityEnvironment } from '@temporalio/testing';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createActivities, type Activities } from '../../activities/index.js';
import type { Services } from '../../activities/services.js';
import { createServices } from '../../worker/services.js';
import {
  sampleCall,
  sampleLabels,
  samplePipeline,
  writeSampleTables,
  type StepName,
} from '../../bench/fuzz/calls.js';
import { FakePredictor, FakeTrainer, fakeModels, tablesHere } from '../workflows/fake-trainer.js';

const quiet = { trace: none, debug: none, info: none, warn: none, error: none, log: none };

/** A worker's activities over a workdir of their own, called as Temporal calls them. */
export class Doors {
  readonly folder = mkdtempSync(join(tmpdir(), 'foldwise-doors-'));
  readonly workdir = join(this.folder, 'workdir');
  readonly services: Services;
  private readonly activities: Activities;

  constructor(services: Partial<Services> = {}) {
    mkdirSync(this.workdir);
    writeSampleTables(this.workdir);
    writeFileSync(join(this.folder, 'outside.csv'), 'id,text\na,one\n');
    this.services = {
      ...createServices({ workdir: this.workdir, roots: [this.workdir], searchAttributes: false }),
      trainer: new FakeTrainer(),
      predictor: new FakePredictor(sampleLabels.length),
      models: fakeModels,
      tables: tablesHere,
      engineSignature: () => 'fake engine',
      ...services,
    };
    this.activities = createActivities(this.services);
  }

  /** @param occasion the attempt, and the workflow that it is for; by default one and the same */
  call(
    activity: keyof Activities,
    argument: unknown,
    occasion: { readonly attempt?: number; readonly execution?: unknown } = {},
  ): Promise<unknown> {
    const info: Record<string, unknown> = { attempt: occasion.attempt ?? 1 };
    if ('execution' in occasion) info['workflowExecution'] = occasion.execution;
    const environment = new MockActivityEnvironment(info, { logger: quiet });
    return environment.run(() => this.activities[activity](argument));
  }

  /** Every file there is, the worker's and its neighbours'. */
  files(): string[] {
    return readdirSync(this.folder, { recursive: true }).map(String).sort();
  }

  pipeline(changes: Record<string, unknown> = {}): Record<string, unknown> {
    return { ...samplePipeline(this.workdir), ...changes };
  }

  /** The argument of a step's activity, well formed, with a few things changed. */
  argument(step: StepName, changes: Record<string, unknown> = {}): Record<string, unknown> {
    return { ...sampleCall(step, this.workdir), ...changes };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function none(): void {
  // Says nothing.
}
