import { MockActivityEnvironment } from '@temporalio/testing';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset, OutOfFold, Submission, Thresholds, TrainedFold } from '../../activities/outputs.js';
import { createActivities, type Activities } from '../../activities/index.js';
import { putJson, putText } from '../../activities/json-artifact.js';
import type { Services } from '../../activities/services.js';
import { openTrainingTable } from '../../data/prepared-table.js';
import { parsePipeline } from '../../pipeline/load.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { createServices } from '../../worker/services.js';
import { InstantPredictor } from '../scale/instant-trainer.js';
import { watching, type Watched } from './loop-watch.js';
import { makeTable, type MadeTable } from './made-table.js';

export interface TablesMeasurement extends MadeTable {
  readonly bytes: number;
  readonly folds: number;
  /** By activity. Of `predictEnsemble` without the models. */
  readonly steps: Readonly<Record<string, Watched>>;
}

const folds = 5;
const none = (): void => undefined;
const quiet = { trace: none, debug: none, info: none, warn: none, error: none, log: none };

/** Runs every activity that works on whole tables on a made table, as a worker does. */
export async function measureTables(made: MadeTable): Promise<TablesMeasurement> {
  const folder = await mkdtemp(join(tmpdir(), 'foldwise-tables-'));
  try {
    const train = join(folder, 'train.csv');
    await makeTable(train, made);
    return await new Bench(folder, train, made.labels).measure(made);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

class Bench {
  private readonly services: Services;
  private readonly activities: Activities;
  private readonly pipeline: Pipeline;
  private readonly steps: Record<string, Watched> = {};

  constructor(
    folder: string,
    private readonly train: string,
    private readonly labels: readonly string[],
  ) {
    this.services = {
      ...createServices({ workdir: folder, roots: null, searchAttributes: false }),
      predictor: new InstantPredictor(labels.length),
    };
    this.activities = createActivities(this.services);
    const scratch = { type: 'bert', hiddenSize: 8, layers: 1, heads: 1, intermediateSize: 8, vocabulary: 20 };
    const document = {
      name: 'tables',
      labels,
      // The rows to predict are the same ones: their labels are ignored.
      data: { train, test: train },
      folds: { count: folds },
      model: { scratch },
    };
    this.pipeline = parsePipeline(JSON.stringify(document), { file: join(folder, 'pipeline.json') });
  }

  async measure(made: MadeTable): Promise<TablesMeasurement> {
    const data = await this.call<Dataset>('prepareData', {});
    const fold = await this.trainedFolds(data);
    const oof = await this.call<OutOfFold>('aggregateOof', { data, fold });
    const thresholds = await this.call<Thresholds>('tuneThresholds', { data, oof });
    const submission = await this.call<Submission>('predictEnsemble', { data, fold, thresholds });
    await this.call('writeReport', { data, fold, oof, thresholds, submission });
    const { size } = await stat(this.train);
    return { ...made, bytes: size, folds, steps: this.steps };
  }

  private async call<Output>(name: keyof Activities, inputs: object): Promise<Output> {
    const argument = {
      run: 'tables',
      pipeline: this.pipeline,
      step: Object.entries(this.pipeline.steps).find(([, { run }]) => run === name)?.[0],
      key: '0'.repeat(64),
      inputs,
      settings: { fresh: false, device: 'cpu', threads: 1 },
      seconds: {},
      reused: [],
    };
    const environment = new MockActivityEnvironment({}, { logger: quiet });
    const { value, watched } = await watching<Output>(() =>
      environment.run<[], Output, () => Promise<Output>>(
        () => this.activities[name](argument) as Promise<Output>,
      ),
    );
    this.steps[name] = watched;
    return value;
  }

  /** Folds that say something of every row that they held out. */
  private async trainedFolds({ table }: Dataset): Promise<TrainedFold[]> {
    const { labels } = this;
    const { store } = this.services;
    const { folds: assigned, labels: truth, close } = openTrainingTable(await store.localPath(table));
    close();
    const model = { 'config.json': await putText(store, '{}') };
    const trained: TrainedFold[] = [];
    for (let fold = 1; fold <= folds; fold++) {
      const rows = [...assigned.keys()].filter((row) => assigned[row] === fold);
      const probabilities = new Float32Array(rows.length * labels.length);
      probabilities.forEach((_, place) => {
        const row = rows[Math.floor(place / labels.length)]!;
        const entry = row * labels.length + (place % labels.length);
        probabilities[place] = 0.3 + 0.4 * truth[entry]! + 0.3 * Math.sin(entry);
      });
      const path = join(this.services.scratch, `probabilities-${fold}`);
      await writeFile(path, new Uint8Array(probabilities.buffer));
      trained.push({
        fold,
        bestEpoch: 1,
        epochs: [{ epoch: 1, trainLoss: 0.5, valLoss: 0.5, macroF1: 0.5 }],
        rows: await putJson(store, rows),
        probabilities: await store.putFile(path, { move: true }),
        model,
        ...{ device: 'cpu', threads: 1, attempts: 1, seed: 42, seconds: 1, warnings: [] },
      });
    }
    return trained;
  }
}
