import { NativeConnection } from '@temporalio/worker';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Services, Trainer } from '../../activities/services.js';
import { connectTo } from '../../cli/connection.js';
import { startRun } from '../../cli/runs/start-run.js';
import type { RunningServer } from '../../infra/server/start.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { FileCache } from '../../store/file-cache.js';
import { s3Address } from '../../store/s3/address.js';
import { S3Objects } from '../../store/s3/s3-objects.js';
import { MeasuredObjectStore } from '../../worker/metrics/measured-object-store.js';
import { WorkerMetrics } from '../../worker/metrics/worker-metrics.js';
import { createServices } from '../../worker/services.js';
import { openState, stateOver, type State } from '../../worker/state.js';
import { createWorkers } from '../../worker/workers.js';
import type { Instrument } from '../../telemetry/instruments.js';
import { completed } from '../disturbance.js';
import { digestsOf, type Digests } from '../faults/outcome.js';
import type { S3Server } from '../s3/s3-server.js';
import { overlapOf, TimelineWatch, type Overlap } from './overlap.js';

export const sideNames = ['folder', 's3'] as const;
export type SideName = (typeof sideNames)[number];

export const bucket = 'foldwise';

export interface Place {
  /** Takes the workdir of each run. */
  readonly folder: string;
  readonly server: RunningServer;
  readonly s3: S3Server;
}

export interface Work {
  readonly pipeline: Pipeline;
  readonly roots: readonly string[];
  readonly threads: number;
}

/** One run of a pipeline on a store that held nothing. */
export interface RunMeasurement {
  /** From the workflow's start to its end. */
  readonly seconds: number;
  /** Of that, while a trainer had a fold. */
  readonly trainingSeconds: number;
  /** Of the store, what was written and how often it was called. */
  readonly store: { readonly writtenBytes: number; readonly calls: number; readonly seconds: number };
  readonly checkpoints: {
    readonly count: number;
    readonly bytes: number;
    /** While the training stood still for them. */
    readonly stoodSeconds: number;
    readonly kept: number;
  };
  readonly overlap: Overlap;
  readonly digests: Digests;
}

let runs = 0;

/** Runs a pipeline with a worker of this process, one fold at a time. */
export async function measureRun(side: SideName, work: Work, place: Place): Promise<RunMeasurement> {
  const { pipeline, threads } = work;
  const name = `${side}-${++runs}`;
  const workdir = join(place.folder, name);
  mkdirSync(workdir);
  const metrics = new WorkerMetrics();
  const watch = new TimelineWatch(() => performance.now() / 1000);
  const roots = [workdir, ...work.roots];
  const taskQueue = `store-${process.pid}-${name}`;
  const { address, namespace } = place.server;
  const connection = await NativeConnection.connect({ address });
  const link = await connectTo(place.server);
  const trained: number[] = [];
  try {
    const made = createServices({ workdir, roots, threads, slots: 1, searchAttributes: true, metrics });
    const state = stateOf(side, workdir, place, metrics);
    const services: Services = {
      ...made,
      ...state,
      trainer: watched(made.trainer, watch, trained),
      checkpoints: watchedShelf(state.checkpoints, watch),
    };
    const worker = await createWorkers({
      ...{ connection, namespace, taskQueue, workdir, roots, slots: 1, threads, metrics, services },
    });
    const working = worker.run();
    const end = new AbortController();
    try {
      const startedAt = new Date();
      const { run, handle } = await startRun(link.client, pipeline, { fresh: false, startedAt, taskQueue });
      // A worker that fails ends the wait.
      const failed = working.then(() => end.abort());
      failed.catch(() => end.abort());
      const seconds = await completed(handle, end.signal);
      return {
        ...{ seconds, trainingSeconds: sum(trained), ...costs(metrics, watch) },
        digests: digestsOf(join(workdir, 'runs', run)),
      };
    } finally {
      worker.shutdown();
      await working;
    }
  } finally {
    await connection.close();
    await link.close();
  }
}

function stateOf(side: SideName, workdir: string, { s3 }: Place, metrics: WorkerMetrics): State {
  if (side === 'folder') return openState(workdir, (objects) => new MeasuredObjectStore(objects, metrics));
  const address = s3Address(`s3://${bucket}/run-${runs}`);
  const objects = new MeasuredObjectStore(new S3Objects(address, { client: s3.settings }), metrics);
  return stateOver(workdir, objects, new FileCache(objects, join(workdir, '.foldwise', 'cache')));
}

function watched(trainer: Trainer, watch: TimelineWatch, seconds: number[]): Trainer {
  return {
    train: async (job, options) => {
      const started = performance.now();
      const onMessage: typeof options.onMessage = (message) => {
        watch.take(message);
        options.onMessage(message);
      };
      watch.begin();
      try {
        return await trainer.train(job, { ...options, onMessage });
      } finally {
        watch.end();
        seconds.push((performance.now() - started) / 1000);
      }
    },
  };
}

function watchedShelf(shelf: Services['checkpoints'], watch: TimelineWatch): Services['checkpoints'] {
  const publish: typeof shelf.publish = (...call) => watch.upload(() => shelf.publish(...call));
  return Object.assign(Object.create(shelf) as typeof shelf, { publish });
}

function costs(
  metrics: WorkerMetrics,
  watch: TimelineWatch,
): Pick<RunMeasurement, 'store' | 'checkpoints' | 'overlap'> {
  const { storeBytes, storeSeconds, checkpointSeconds, checkpointBytes } = metrics;
  return {
    store: {
      writtenBytes: total(storeBytes, '{direction="written"}'),
      calls: total(storeSeconds, '', '_count'),
      seconds: total(storeSeconds, '', '_sum'),
    },
    checkpoints: {
      count: total(checkpointSeconds, '', '_count'),
      bytes: total(checkpointBytes, ''),
      stoodSeconds: total(checkpointSeconds, '', '_sum'),
      kept: watch.timeline.uploads.length,
    },
    overlap: overlapOf(watch.timeline),
  };
}

/** Of an instrument's samples whose labels begin so, as a scrape would read them. */
function total(instrument: Instrument, labels: string, suffix = ''): number {
  const start = `${instrument.definition.name}${suffix}`;
  const found = [...instrument.samples()].filter((line) => line.startsWith(start + labels));
  return sum(found.map((line) => Number(line.slice(line.lastIndexOf(' ') + 1))));
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
