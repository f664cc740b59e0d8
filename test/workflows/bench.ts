import { defineSearchAttributeKey, IllegalStateError } from '@temporalio/common';
import type { WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { PipelineInput } from '../../activities/contracts.js';
import type { Services } from '../../activities/services.js';
import { findServer } from '../../infra/server/find.js';
import type { EncryptionKeys } from '../../payloads/encryption-keys.js';
import type { Deployment } from '../../worker/deployment.js';
import { createWorkers } from '../../worker/workers.js';
import type { CellChoice } from '../../workflows/messages.js';
import type { PipelineSummary } from '../../workflows/pipeline.js';
import type { Progress } from '../../workflows/progress.js';
import { searchAttributeTypes } from '../../workflows/search-attribute-names.js';
import { workflowBundles } from './bundles.js';
import { FakePredictor, FakeTrainer, fakeModels, tablesHere } from './fake-trainer.js';

export const server = findServer();
/** For the titles of tests that are skipped without a server. */
export const without = server === null ? ' (skipped: no Temporal server is installed)' : '';

export const labels = ['joy', 'fear'];

/** A dev server for one test file. */
export async function startEnvironment(): Promise<TestWorkflowEnvironment> {
  quietRuntime();
  if (server === null) throw new Error('no Temporal server is installed');
  // Here, where it is part of no test's time.
  await workflowBundles();
  const keys = Object.entries(searchAttributeTypes).map(([name, type]) =>
    defineSearchAttributeKey(name, type === 'Double' ? 'DOUBLE' : 'KEYWORD'),
  );
  return TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: server.path }, searchAttributes: keys },
  });
}

export function quietRuntime(): void {
  const telemetryOptions = { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'ERROR' }) } };
  try {
    Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions, shutdownSignals: [] });
  } catch (error) {
    // One that is there, of a file before in the same process, serves.
    if (!(error instanceof IllegalStateError)) throw error;
  }
}

let benches = 0;

interface WorkingOptions {
  readonly slots?: number;
  readonly encryption?: EncryptionKeys | null;
  readonly deployment?: Deployment;
  readonly roots?: readonly string[];
}

/** Workers that work. */
export interface Working {
  rest(): Promise<void>;
}

/** What a bench needs of a server. */
export type BenchEnvironment = Pick<TestWorkflowEnvironment, 'nativeConnection' | 'namespace' | 'client'>;

/** A workdir with data of 30 rows, workers on a queue of its own and a fake trainer. */
export class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'foldwise-bench-'));
  readonly taskQueue = `queue-${benches++}`;
  private working: Working | undefined;
  private starts = 0;

  constructor(
    readonly environment: BenchEnvironment,
    readonly trainer: FakeTrainer = new FakeTrainer(),
  ) {
    const header = `id,text,${labels.join(',')}\n`;
    const row = (index: number): string =>
      `r${index},text ${index},${index % 2},${index % 3 === 0 ? 1 : 0}\n`;
    const rows = Array.from({ length: 30 }, (_, index) => row(index)).join('');
    writeFileSync(join(this.folder, 'train.csv'), header + rows);
    writeFileSync(join(this.folder, 'test.csv'), 'id,text\na,one\nb,two\n');
  }

  pipeline(changes: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      name: 'bench',
      labels,
      data: { train: join(this.folder, 'train.csv'), test: join(this.folder, 'test.csv') },
      folds: { count: 3 },
      model: {
        scratch: { type: 'bert', hiddenSize: 8, layers: 1, heads: 1, intermediateSize: 8, vocabulary: 20 },
      },
      training: { epochs: 1 },
      ...changes,
    };
  }

  async work(services: Partial<Services> = {}, options: WorkingOptions = {}): Promise<void> {
    this.working = await this.another(services, options);
  }

  /** Workers on the same workdir and queues, as those of another process. */
  async another(services: Partial<Services> = {}, options: WorkingOptions = {}): Promise<Working> {
    const workers = await createWorkers({
      connection: this.environment.nativeConnection,
      namespace: this.environment.namespace ?? 'default',
      workdir: this.folder,
      bundles: await workflowBundles((options.encryption ?? null) === null ? 'plain' : 'encrypted'),
      taskQueue: this.taskQueue,
      slots: options.slots ?? 3,
      encryption: options.encryption ?? null,
      ...(options.deployment === undefined ? {} : { deployment: options.deployment }),
      ...(options.roots === undefined ? {} : { roots: options.roots }),
      threads: 1,
      shutdownGraceMs: 500,
      services: {
        trainer: this.trainer,
        predictor: new FakePredictor(labels.length),
        models: fakeModels,
        tables: tablesHere,
        engineSignature: () => 'fake engine',
        ...services,
      },
    });
    const running = workers.run();
    return {
      rest: () => {
        workers.shutdown();
        return running;
      },
    };
  }

  async rest(): Promise<void> {
    await this.working?.rest();
    this.working = undefined;
  }

  async start(input: Partial<PipelineInput> = {}): Promise<WorkflowHandle> {
    const run = input.run ?? `run-${this.starts++}`;
    return this.environment.client.workflow.start('pipeline', {
      workflowId: `${this.taskQueue}-${run}`,
      taskQueue: this.taskQueue,
      args: [{ pipeline: this.pipeline(), run, ...input }],
    });
  }

  async complete(input: Partial<PipelineInput> = {}): Promise<PipelineSummary> {
    return (await (await this.start(input)).result()) as PipelineSummary;
  }

  async dispose(): Promise<void> {
    await this.rest();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export async function progressWhen(
  handle: WorkflowHandle,
  holds: (progress: Progress) => boolean,
): Promise<Progress> {
  for (let tries = 0; tries < 400; tries++) {
    const progress = await handle.query<Progress>('progress');
    if (holds(progress)) return progress;
    await delay(50);
  }
  throw new Error(`it never came to that: ${JSON.stringify(await handle.query('progress'))}`);
}

export function update(handle: WorkflowHandle, name: 'retry' | 'skip', choice: CellChoice): Promise<string> {
  return handle.executeUpdate<string, [CellChoice]>(name, { args: [choice] });
}
