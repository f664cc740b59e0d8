import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import type { Services } from '../../activities/services.js';
import type { RunningServer } from '../../infra/server/start.js';
import { createWorkers } from '../../worker/workers.js';
import { historyFacts, type HistoryFacts } from './history.js';
import { InstantPredictor, InstantTrainer, noTokens } from './instant-trainer.js';
import { makeProject, type Project } from './project.js';

export interface ScaleOptions {
  readonly server: Pick<RunningServer, 'address' | 'namespace'>;
  readonly folds: number;
  /** Each trains one fold at a time, as one per GPU would. */
  readonly workers: number;
  readonly epochs: number;
  /** In place of a process for each table, where the build that it comes from is not there. */
  readonly tables?: Services['tables'];
}

/** What a run of folds that take no time costs. */
export interface ScaleMeasurement extends HistoryFacts {
  readonly folds: number;
  readonly workers: number;
  readonly epochs: number;
  /** From the start of the run to its end. */
  readonly seconds: number;
}

/** Runs a pipeline of instant folds over so many workers, and counts what that takes. */
export async function measureScale(options: ScaleOptions): Promise<ScaleMeasurement> {
  const { server, folds, workers, epochs } = options;
  const project = await makeProject(folds, epochs);
  const taskQueue = `scale-${process.pid}-${folds}-${workers}`;
  // Pages of a long history are larger than what a client takes by default.
  const connection = await Connection.connect({
    address: server.address,
    channelArgs: { 'grpc.max_receive_message_length': -1 },
  });
  const client = new Client({ connection, namespace: server.namespace });
  const crew: Hired[] = [];
  try {
    crew.push(await hire(options, project, taskQueue, 'main'));
    while (crew.length <= workers) crew.push(await hire(options, project, taskQueue, 'gpu'));
    const started = performance.now();
    const handle = await start(client, project, taskQueue);
    // A worker that fails ends the wait.
    await Promise.race([handle.result(), ...crew.map(({ working }) => working.then(() => handle.result()))]);
    const seconds = (performance.now() - started) / 1000;
    return { folds, workers, epochs, seconds, ...(await historyFacts(handle)) };
  } finally {
    await Promise.all(crew.map((each) => each.dismiss()));
    await connection.close();
    await project.remove();
  }
}

interface Hired {
  /** Ends with the worker; rejects where it fails. */
  readonly working: Promise<void>;
  dismiss(): Promise<void>;
}

/** A worker over a connection of its own, as a process of its own would have: the SDK has one per queue on each. */
async function hire(
  { server: { address, namespace }, tables }: ScaleOptions,
  { folder, labels }: Project,
  taskQueue: string,
  queue: 'main' | 'gpu',
): Promise<Hired> {
  const connection = await NativeConnection.connect({ address });
  const worker = await createWorkers({
    ...{ connection, namespace, taskQueue, workdir: folder, queues: [queue] },
    ...{
      slots: 1,
      threads: 1,
      shutdownGraceMs: 1_000,
      services: { ...instantServices(labels), ...(tables === undefined ? {} : { tables }) },
    },
  });
  const working = worker.run();
  const dismiss = async (): Promise<void> => {
    worker.shutdown();
    await working;
    await connection.close();
  };
  return { working, dismiss };
}

function instantServices(labels: readonly string[]): Partial<Services> {
  return {
    trainer: new InstantTrainer(),
    predictor: new InstantPredictor(labels.length),
    models: {
      locate: () => Promise.reject(new Error('a model from scratch has no checkpoint')),
      learnTokenizer: () => Promise.resolve('{}'),
      countTokens: () => Promise.resolve(noTokens),
    },
    engineSignature: () => 'instant',
  };
}

function start(client: Client, { pipeline }: Project, taskQueue: string): Promise<WorkflowHandle> {
  const args = [{ pipeline, run: 'scale' }];
  return client.workflow.start('pipeline', { workflowId: taskQueue, taskQueue, args });
}
