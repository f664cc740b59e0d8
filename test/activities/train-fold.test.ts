import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AcceptedRuns } from '../../activities/admission.js';
import type { CallOf, LookedUp } from '../../activities/contracts.js';
import type { TrainedFold } from '../../activities/outputs.js';
import { keyOf } from '../../activities/identity.js';
import { lookupSteps } from '../../activities/lookup-steps.js';
import { onDevice } from '../../activities/devices.js';
import type { Services, Trainer } from '../../activities/services.js';
import { trainFold } from '../../activities/train-fold.js';
import type { DeviceName } from '../../engine/device/device.js';
import type { FoldJob, FoldOutcome } from '../../engine/training/job.js';
import { EnvironmentFault } from '../../errors/fault.js';
import type { ArtifactStore } from '../../store/store.js';
import { DevicePool } from '../../worker/devices/pool.js';
import { openState } from '../../worker/state.js';
import { openTableFiles } from '../../worker/table-files.js';
import { ColumnFileWriter } from '../../data/column-file/writer.js';
import { preparedColumns, writeTrainingTable } from '../../data/prepared-table.js';
import { parse } from '../pipeline/minimal.js';
import { folderState } from '../store/folder-state.js';
import { FakePredictor, FakeTrainer, fakeModels, tablesHere } from '../workflows/fake-trainer.js';

const leaseMs = 2_500;
let folder: string;
let services: Services;
let call: CallOf<'trainFold'>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'foldwise-fold-activity-'));
  const model = join(folder, 'model');
  mkdirSync(model);
  writeFileSync(join(model, 'config.json'), '{}');
  writeFileSync(join(model, 'model.safetensors'), 'weights');
  services = {
    ...openState(folder),
    checkpoints: folderState(folder, { leaseMs }).checkpoints,
    trainer: new FakeTrainer(),
    predictor: new FakePredictor(1),
    models: {
      ...fakeModels,
      locate: () => Promise.resolve({ folder: model, files: ['config.json', 'model.safetensors'] }),
    },
    tables: tablesHere,
    tableFiles: openTableFiles(folder, null),
    threads: 1,
    slots: 1,
    devices: new DevicePool(['cpu', 'cpu']),
    engineSignature: () => 'fake engine',
    versions: {},
    roots: null,
    accepts: null,
    searchAttributes: false,
    encrypted: false,
  };
  const table = { texts: ['a', 'b', 'c', 'd'], labels: [[1], [0], [1], [0]], folds: [1, 2, 1, 2] };
  writeTrainingTable(join(folder, 'table'), table);
  const ref = await services.store.putFile(join(folder, 'table'));
  call = {
    run: 'run-1',
    pipeline: parse('name: e\nlabels: [joy]\ndata: { train: a.csv }\nmodel: { checkpoint: owner/model }\n'),
    step: 'fold',
    key: '0'.repeat(64),
    inputs: {
      data: { rows: { train: 4, test: null }, table: ref, trainIds: ref, test: null, warnings: [] },
    },
    settings: { fresh: false, device: 'cpu', threads: 1 },
    member: '',
    fold: 1,
  };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A client whose signals get the answer that is given. */
function clientOf(signal: () => Promise<void>): Client {
  const within = (_: unknown, work: () => Promise<void>): Promise<void> => work();
  const workflow = { getHandle: () => ({ signal }) };
  return { withDeadline: within, withAbortSignal: within, workflow } as unknown as Client;
}

const answering = clientOf(() => Promise.resolve());
const away = clientOf(() => new Promise(() => undefined));

/** Runs the activity as one attempt of a run. */
function attempt(
  activity: ReturnType<typeof trainFold>,
  run: string,
  {
    number = 1,
    client = answering,
    heartbeatDetails,
  }: { number?: number; client?: Client; heartbeatDetails?: unknown } = {},
): { readonly environment: MockActivityEnvironment; readonly result: Promise<TrainedFold> } {
  const workflowExecution = { workflowId: run, runId: run };
  const info = { activityId: 'fold-1', attempt: number, workflowExecution, heartbeatDetails };
  const logger = new DefaultLogger('ERROR', () => undefined);
  const environment = new MockActivityEnvironment(info, { client, logger });
  const result: Promise<TrainedFold> = environment.run(activity, { ...call, run });
  result.catch(() => undefined);
  return { environment, result };
}

const jobs = (): readonly FoldJob[] => (services.trainer as FakeTrainer).jobs;

/** A store that takes long to take files in. */
function slow(store: ArtifactStore, ms: number): ArtifactStore {
  return {
    putBytes: (bytes) => store.putBytes(bytes),
    getBytes: (ref) => store.getBytes(ref),
    localPath: (ref) => store.localPath(ref),
    has: (ref) => store.has(ref),
    putFile: async (path, options) => {
      await delay(ms);
      return store.putFile(path, options);
    },
  };
}

/** Trains until it is told to stop, which it answers with its only checkpoint, at the step it had reached. */
class StoppableTrainer implements Trainer {
  readonly resumedFrom: number[] = [];
  step = 0;

  async train(job: FoldJob, { onMessage, signal }: Parameters<Trainer['train']>[1]): Promise<never> {
    const [newest] = job.resume;
    this.step = newest === undefined ? 0 : Number(await readFile(newest.state.path, 'utf8'));
    this.resumedFrom.push(this.step);
    onMessage({ type: 'started', step: this.step, steps: 1_000, epochs: 1_000, resumedFrom: this.step });
    while (!signal.aborted) {
      await delay(20);
      this.step++;
      const metrics = { epoch: this.step, trainLoss: 1, valLoss: 1, macroF1: 0.5 };
      onMessage({ type: 'epoch', metrics, best: false });
    }
    const text = String(this.step);
    const path = join(job.workDirectory, 'state');
    await writeFile(path, text);
    const state = { path, sha256: createHash('sha256').update(text).digest('hex'), bytes: text.length };
    onMessage({ type: 'checkpoint', checkpoint: { step: this.step, state, best: null }, seconds: 0 });
    throw new EnvironmentFault({ where: 'the fold', what: 'the training was stopped' });
  }
}

/** Has a trainer stop once it has done so many steps. */
function lastAt(step: number, trainer: StoppableTrainer): Trainer {
  return {
    train: async (job, { onMessage, signal }) => {
      const stop = new AbortController();
      const told: typeof onMessage = (message) => {
        onMessage(message);
        if (trainer.step >= step) stop.abort();
      };
      return trainer.train(job, { onMessage: told, signal: AbortSignal.any([signal, stop.signal]) });
    },
  };
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1_000 && !holds(); tries++) await delay(20);
  expect(holds()).toBe(true);
}

describe('a fold that two runs want', () => {
  it('is trained once, also where the store takes longer than a lease to take it in', async () => {
    services = { ...services, store: slow(services.store, leaseMs) };
    const activity = trainFold(services);
    const first = attempt(activity, 'run-1');
    const second = attempt(activity, 'run-2');
    const [a, b] = await Promise.all([first.result, second.result]);
    expect(jobs()).toHaveLength(1);
    expect(b).toEqual(a);
    expect(readdirSync(join(folder, 'checkpoints'))).toEqual([]);
  });

  it('is trained once, also where a checkpoint takes longer than a lease to keep', async () => {
    const { checkpoints } = services;
    const publish: typeof checkpoints.publish = async (lease, checkpoint) => {
      await delay(2 * leaseMs);
      await checkpoints.publish(lease, checkpoint);
    };
    const slowly = Object.assign(Object.create(checkpoints) as typeof checkpoints, { publish });
    const trainer = new StoppableTrainer();
    const first = attempt(
      trainFold({ ...services, checkpoints: slowly, trainer: lastAt(4, trainer) }),
      'run-1',
    );
    await until(() => trainer.step > 0);
    const second = attempt(trainFold({ ...services, trainer }), 'run-2');
    await expect(first.result).rejects.toThrow(/stopped/);
    await until(() => trainer.resumedFrom.length === 2);
    expect(trainer.resumedFrom[1]).toBeGreaterThanOrEqual(4);
    second.environment.cancel();
    await expect(second.result).rejects.toThrow();
  });

  it('is looked for once more after the lease: it may have been finished in between', async () => {
    const trained = await attempt(trainFold(services), 'run-1').result;
    const { keys } = services;
    let looks = 0;
    const find: typeof keys.find = (key) => (looks++ === 0 ? Promise.resolve(null) : keys.find(key));
    const blind = Object.assign(Object.create(keys) as typeof keys, { find });
    const again = await attempt(trainFold({ ...services, keys: blind }), 'run-2').result;
    expect(again).toEqual(trained);
    expect(jobs()).toHaveLength(1);
    expect(readdirSync(join(folder, 'checkpoints'))).toEqual([]);
  });
});

describe('a fold and the device that trains it', () => {
  const on = (...places: readonly DeviceName[]): Services => ({
    ...services,
    devices: new DevicePool(places),
    // Cards of one kind are alike here.
    engineSignature: (_, device) => `fake engine on ${device.split(':')[0]}`,
  });
  const lookedUp = async (found: Services): Promise<boolean> => {
    const { step, fold, member, ...others } = call;
    const environment = new MockActivityEnvironment({ workflowExecution: { workflowId: 'w', runId: 'w' } });
    const lookup = { ...others, step, cells: [{ member, fold }], references: false };
    const [entry]: LookedUp[] = await environment.run(lookupSteps(found), lookup);
    return entry?.output !== null;
  };

  it('is one that is free: two folds at once have one each, and a third waits for its turn', async () => {
    const trainer = new FakeTrainer({ stepMs: 100 });
    const activity = trainFold({ ...on('cuda:0', 'cuda:1'), trainer });
    const first = attempt(activity, 'run-1');
    call = { ...call, fold: 2 };
    const second = attempt(activity, 'run-2');
    await until(() => trainer.jobs.length === 2);
    call = { ...call, pipeline: { ...call.pipeline, labels: ['fear'] } };
    const third = attempt(activity, 'run-3');
    await delay(50);
    expect(trainer.jobs.map(({ device }) => device).sort()).toEqual(['cuda:0', 'cuda:1']);
    await Promise.all([first.result, second.result, third.result]);
    expect(trainer.jobs).toHaveLength(3);
  });

  it('is given back where the fold fails, or is cancelled while it waits for one', async () => {
    const trainer = new StoppableTrainer();
    const there = on('webgpu');
    const activity = trainFold({ ...there, trainer });
    const first = attempt(activity, 'run-1');
    await until(() => trainer.step > 0);
    call = { ...call, fold: 2 };
    const waiting = attempt(activity, 'run-2');
    await delay(50);
    waiting.environment.cancel();
    await expect(waiting.result).rejects.toThrow();
    first.environment.cancel();
    await expect(first.result).rejects.toThrow();
    const loan = await there.devices.borrow(AbortSignal.timeout(1_000));
    expect(loan.device).toBe('webgpu');
  });

  /** A process that does its own runs, whose devices whoever started it has named. */
  const ofItsOwn = (...places: readonly DeviceName[]): Services => ({
    ...on(...places),
    accepts: new AcceptedRuns(),
  });

  it('decides its key: in a run of one’s own the processor’s is not taken for what a card gives', async () => {
    await attempt(trainFold(ofItsOwn('cpu')), 'run-1').result;
    expect(await lookedUp(ofItsOwn('cpu'))).toBe(true);
    expect(await lookedUp(ofItsOwn('webgpu'))).toBe(false);
    await attempt(trainFold(ofItsOwn('webgpu')), 'run-2').result;
    expect(jobs().map(({ device }) => device)).toEqual(['cpu', 'webgpu']);
    const keys = await Promise.all(
      (['cpu', 'webgpu'] as const).map((device) => keyOf(on(device), 'trainFold', onDevice(call, device))),
    );
    expect(new Set(keys).size).toBe(2);
  });

  it('is one of several alike: their folds have one key', async () => {
    await attempt(trainFold(on('cuda:0')), 'run-1').result;
    await attempt(trainFold(on('cuda:1')), 'run-2').result;
    expect(jobs()).toHaveLength(1);
  });

  it('may be any of unlike ones of a worker: started again, it is not trained on the other', async () => {
    await attempt(trainFold(ofItsOwn('webgpu')), 'run-1').result;
    const both = ofItsOwn('cpu', 'webgpu');
    expect(await lookedUp(both)).toBe(true);
    await attempt(trainFold(both), 'run-2').result;
    expect(jobs().map(({ device }) => device)).toEqual(['webgpu']);
  });

  it('is the processor where the memory of the machine counts', async () => {
    await attempt(trainFold({ ...ofItsOwn('cpu'), machineBytes: 1e9 }), 'run-1').result;
    await attempt(trainFold({ ...ofItsOwn('webgpu'), machineBytes: 1e9 }), 'run-2').result;
    expect(jobs().map(({ machineBytes }) => machineBytes)).toEqual([1e9, undefined]);
  });

  it('is of no concern to a worker that trains none: it finds the fold of whichever, also in what its own could not', async () => {
    const { pipeline } = call;
    call = { ...call, pipeline: { ...pipeline, training: { ...pipeline.training, precision: 'float16' } } };
    await attempt(trainFold(on('cuda:0')), 'run-1').result;
    expect(await lookedUp({ ...on('cpu'), trains: false })).toBe(true);
    expect(await lookedUp(ofItsOwn('webgpu'))).toBe(false);
  });

  describe('of workers with unlike ones on one queue', () => {
    it('makes no fold be trained twice: another attempt takes it from the other, and so does another run', async () => {
      const first = attempt(trainFold(on('cuda:0')), 'run-1');
      const trained = await first.result;
      // The first attempt’s word did not come through.
      expect(await attempt(trainFold(on('webgpu')), 'run-1', { number: 2 }).result).toEqual(trained);
      expect(await lookedUp(on('webgpu'))).toBe(true);
      expect(await attempt(trainFold(on('cpu')), 'run-2').result).toEqual(trained);
      expect(jobs().map(({ device }) => device)).toEqual(['cuda:0']);
    });

    it('has what its own kind has trained come first', async () => {
      const own = await attempt(trainFold(ofItsOwn('webgpu')), 'run-1').result;
      await attempt(trainFold(ofItsOwn('cpu')), 'run-2').result;
      expect(await attempt(trainFold(on('webgpu')), 'run-3').result).toEqual(own);
    });

    it('is trained anew by a fresh run, unless that run has trained it', async () => {
      await attempt(trainFold(on('cuda:0')), 'run-1').result;
      call = { ...call, settings: { ...call.settings, fresh: true } };
      await attempt(trainFold(on('webgpu')), 'run-2').result;
      await attempt(trainFold(on('cpu')), 'run-2', { number: 2 }).result;
      expect(jobs().map(({ device }) => device)).toEqual(['cuda:0', 'webgpu']);
    });

    /** What an attempt that is told to stop at its first steps has told the next one. */
    const told = async (of: Services, heartbeatDetails?: unknown): Promise<unknown> => {
      const trainer = new FakeTrainer({ steps: 1_000, stepMs: 5 });
      const { environment, result } = attempt(trainFold({ ...of, trainer }), 'run-1', { heartbeatDetails });
      let latest: { kept?: unknown } = {};
      environment.on('heartbeat', (details: typeof latest) => (latest = details));
      await until(() => latest.kept !== undefined);
      environment.cancel();
      await expect(result).rejects.toThrow();
      return JSON.parse(JSON.stringify(latest));
    };
    const events = (): string => readFileSync(join(folder, 'runs/run-1/events.ndjson'), 'utf8');

    it('says that it cannot go on from the checkpoint of another, and which the two are', async () => {
      const heartbeatDetails = await told(on('cuda:0'));
      const trained = await attempt(trainFold(on('webgpu')), 'run-1', { number: 2, heartbeatDetails }).result;
      const words =
        /^the checkpoint of step \d+ is of another device, and the fold begins anew: it was trained on fake engine on cuda; this worker has fake engine on webgpu$/;
      expect(trained.warnings).toEqual([expect.stringMatching(words)]);
      expect(events()).toContain('"event":"warning"');
      expect(events()).toContain('is of another device');
    });

    it('says that it goes on from a checkpoint of its own where it has one', async () => {
      const first = await told(on('cuda:0'));
      const second = await told(on('webgpu'), first);
      const { warnings } = await attempt(trainFold(on('cuda:1')), 'run-1', {
        number: 3,
        heartbeatDetails: second,
      }).result;
      expect(warnings).toEqual([
        expect.stringMatching(/, and the fold goes on from its own checkpoint of step \d+: .* on webgpu;/),
      ]);
    });

    it('says nothing where the other is alike', async () => {
      const heartbeatDetails = await told(on('cuda:0'));
      const trained = await attempt(trainFold(on('cuda:1')), 'run-1', { number: 2, heartbeatDetails }).result;
      expect(trained.warnings).toEqual([]);
      expect(events()).toMatch(/"event":"fold started".*"resumedFrom":[1-9]/);
    });
  });

  it('is the processor’s under the key of before', async () => {
    const { settings } = call;
    expect(await keyOf(services, 'trainFold', call)).toBe(
      await keyOf(services, 'trainFold', { ...call, settings: { ...settings, device: 'cpu' } }),
    );
    await attempt(trainFold(services), 'run-1').result;
    expect(await services.keys.find(await keyOf(services, 'trainFold', call))).not.toBeNull();
  });
});

describe('a fold that writes checkpoints faster than the store takes them', () => {
  const steps = 40;

  /** Publishes slowly; knows what it published, and how many at once at most. */
  function slowShelf(ms: number): {
    checkpoints: Services['checkpoints'];
    kept: number[];
    most: () => number;
  } {
    const { checkpoints } = services;
    const kept: number[] = [];
    let now = 0;
    let most = 0;
    const publish: typeof checkpoints.publish = async (lease, checkpoint) => {
      most = Math.max(most, ++now);
      await delay(ms);
      await checkpoints.publish(lease, checkpoint).finally(() => now--);
      kept.push(checkpoint.step);
    };
    const slowly = Object.assign(Object.create(checkpoints) as typeof checkpoints, { publish });
    return { checkpoints: slowly, kept, most: () => most };
  }

  it('trains on, keeps one at a time and the newest, and leaves nothing of the others', async () => {
    const left: string[] = [];
    const { checkpoints, kept, most } = slowShelf(300);
    const trainer = new FakeTrainer({ steps, stepMs: 20 });
    const looking: Trainer = {
      train: async (job, options) => {
        const outcome = await trainer.train(job, options);
        left.push(...readdirSync(job.workDirectory).filter((name) => name.startsWith('state-')));
        return outcome;
      },
    };
    await attempt(trainFold({ ...services, checkpoints, trainer: looking }), 'run-1').result;
    expect(most()).toBe(1);
    expect(kept.at(-1)).toBe(steps);
    expect(kept.length).toBeLessThan(steps / 2);
    // One that is being kept, and one that waits.
    expect(left.length).toBeLessThanOrEqual(2);
    expect(trainer.stepsDone.get(1)).toBe(steps);
  });

  it('has kept what it will keep before the next seed begins', async () => {
    const { checkpoints, kept } = slowShelf(200);
    const restarts: number[][] = [];
    const restart: typeof checkpoints.restart = async (lease, seed) => {
      restarts.push([...kept]);
      await services.checkpoints.restart(lease, seed);
    };
    const trainer = new FakeTrainer({ steps: 3 });
    const diverging: Trainer = {
      train: async (job, options) => {
        const outcome = await trainer.train(job, options);
        if (trainer.jobs.length > 1) return outcome;
        throw Object.assign(new EnvironmentFault({ where: 'fold 1', what: 'it diverged' }), {
          name: 'DivergenceFault',
        });
      },
    };
    const { pipeline } = call;
    call = { ...call, pipeline: { ...pipeline, training: { ...pipeline.training, retrySeeds: 1 } } };
    const shelf = Object.assign(Object.create(checkpoints) as typeof checkpoints, { restart });
    await attempt(trainFold({ ...services, checkpoints: shelf, trainer: diverging }), 'run-1').result;
    expect(restarts.map((before) => before.at(-1))).toEqual([undefined, 3]);
  });
});

describe('a fold whose steps do not fit the memory', () => {
  /** Fails as the engine does where more texts pass at once. */
  class ShortTrainer extends FakeTrainer {
    readonly tried: (number | undefined)[] = [];

    constructor(private readonly fits: number) {
      super();
    }

    override async train(job: FoldJob, options: Parameters<Trainer['train']>[1]): Promise<FoldOutcome> {
      this.tried.push(job.mostTexts);
      if ((job.mostTexts ?? job.training.batchSize) <= this.fits) return super.train(job, options);
      const fault = new EnvironmentFault({ where: 'fold 1', what: 'the memory was not enough' });
      fault.name = 'OutOfMemoryFault';
      throw fault;
    }
  }

  it('starts again with half the texts at once until they do, and says so', async () => {
    const trainer = new ShortTrainer(5);
    const trained = await attempt(trainFold({ ...services, trainer }), 'run-1').result;
    expect(trainer.tried).toEqual([undefined, 8, 4]);
    expect(trained.warnings).toEqual([
      'the memory was not enough for 16 texts at once: the fold starts again with 8',
      'the memory was not enough for 8 texts at once: the fold starts again with 4',
    ]);
  });

  it('fails where not one text fits', async () => {
    const trainer = new ShortTrainer(0);
    await expect(attempt(trainFold({ ...services, trainer }), 'run-1').result).rejects.toThrow(
      /was not enough/,
    );
    expect(trainer.tried).toEqual([undefined, 8, 4, 2, 1]);
  });

  it('fails at once where the pipeline says how many pass', async () => {
    const trainer = new ShortTrainer(0);
    const { pipeline } = call;
    call = { ...call, pipeline: { ...pipeline, training: { ...pipeline.training, microBatch: 16 } } };
    await expect(attempt(trainFold({ ...services, trainer }), 'run-1').result).rejects.toThrow(
      /was not enough/,
    );
    expect(trainer.tried).toEqual([undefined]);
  });
});

describe('a fold of a model whose files change', () => {
  const swap = (): void => writeFileSync(join(folder, 'model', 'model.safetensors'), 'WEIGHTS');

  it('gets the digests that its key is made of', async () => {
    await attempt(trainFold(services), 'run-1').result;
    const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
    expect(jobs()[0]?.model).toMatchObject({
      digests: { 'config.json': sha256('{}'), 'model.safetensors': sha256('weights') },
    });
  });

  it('is tried again under its new key where they changed while it waited for the lease', async () => {
    const old = await keyOf(services, 'trainFold', call);
    const owner = { runId: 'another', activityId: 'fold-1', attempt: 1 };
    const held = await services.checkpoints.acquire(old, {
      ...owner,
      host: 'another',
      pid: 1,
      started: null,
    });
    if (!('lease' in held)) throw new Error('the fold is busy');
    const waiting = attempt(trainFold(services), 'run-1');
    await delay(100);
    swap();
    await services.checkpoints.release(held.lease);
    await expect(waiting.result).rejects.toMatchObject({ retryable: true });
    await expect(waiting.result).rejects.toThrow(/changed while it was being read/);
    expect(await services.keys.find(old)).toBeNull();
    await attempt(trainFold(services), 'run-1', { number: 2 }).result;
    expect(await services.keys.find(old)).toBeNull();
    expect(await services.keys.find(await keyOf(services, 'trainFold', call))).not.toBeNull();
  });
});

describe('a fold whose server is away', () => {
  it('trains on and keeps its lease, however many epochs end meanwhile', async () => {
    const trainer = new StoppableTrainer();
    services = { ...services, trainer };
    const activity = trainFold(services);
    const first = attempt(activity, 'run-1', { client: away });
    await until(() => trainer.step > 0);
    const second = attempt(activity, 'run-2');
    await delay(3 * leaseMs);
    const reached = trainer.step;
    expect(reached).toBeGreaterThan(5);
    expect(trainer.resumedFrom).toEqual([0]);
    const asked = Date.now();
    first.environment.cancel();
    await expect(first.result).rejects.toThrow();
    expect(Date.now() - asked).toBeLessThan(4_000);
    await until(() => trainer.resumedFrom.length === 2);
    expect(trainer.resumedFrom[1]).toBeGreaterThanOrEqual(reached);
    second.environment.cancel();
    await expect(second.result).rejects.toThrow();
  });

  it('loses nothing where its next attempt comes to the same process', async () => {
    const trainer = new StoppableTrainer();
    const activity = trainFold({ ...services, trainer });
    const first = attempt(activity, 'run-1');
    await until(() => trainer.step > 5);
    const second = attempt(activity, 'run-1', { number: 2 });
    await expect(first.result).rejects.toThrow(/stopped/);
    await until(() => trainer.resumedFrom.length === 2);
    expect(trainer.resumedFrom[1]).toBeGreaterThan(5);
    second.environment.cancel();
    await expect(second.result).rejects.toThrow();
  });
});

describe('a fold that is trained on rows to predict, too', () => {
  const training = 'training: { bestBy: last, pseudo: { confidence: 0.8 } }';
  const text =
    'name: e\nlabels: [joy]\ndata: { train: a.csv, test: b.csv }\nmodel: { checkpoint: owner/model }\n';
  const predicted: string[] = [];
  const written: string[] = [];

  beforeEach(async () => {
    predicted.length = 0;
    written.length = 0;
    const predictor = new FakePredictor(1);
    services = {
      ...services,
      predictor: {
        predict: async (folder, files, options) => {
          predicted.push(await readFile(join(folder, 'config.json'), 'utf8'));
          await predictor.predict(folder, files);
          written.push(files.output);
          expect(options).toMatchObject({ maxLength: 128, threads: 1 });
        },
      },
    };
    writeTestTable(join(folder, 'test'), ['x', 'y']);
    const test = await services.store.putFile(join(folder, 'test'));
    call = {
      ...call,
      pipeline: parse(`${text}${training}`),
      inputs: { data: { ...call.inputs.data, rows: { train: 4, test: 2 }, test } },
    };
  });

  const student = (): Promise<TrainedFold> => attempt(trainFold(services), 'run-2').result;

  /** The same fold of the pipeline without that, which its run has trained before. */
  async function trainTeacher(changes: Partial<typeof call> = {}): Promise<void> {
    const pipeline = parse(`${text}training: { bestBy: last }`);
    const own = call;
    call = { ...call, pipeline, ...changes };
    await attempt(trainFold(services), 'run-1').result;
    call = own;
  }

  it('has the labels of the same fold of the same pipeline without that', async () => {
    await trainTeacher();
    await student();
    expect(predicted).toEqual(['{"fold":1}']);
    const [teacher, own] = jobs();
    expect(teacher).not.toHaveProperty('pseudo');
    expect(own!.training.pseudo).toEqual({ confidence: 0.8 });
    expect(own!.pseudo).toEqual({ table: expect.any(String) as string, probabilities: written[0] });
  });

  it('has the labels of one that a worker with another device has trained', async () => {
    await trainTeacher();
    services = {
      ...services,
      devices: new DevicePool(['webgpu']),
      engineSignature: (_, device) => `fake engine on ${device}`,
    };
    await student();
    expect(predicted).toEqual(['{"fold":1}']);
    expect(jobs().map(({ device }) => device)).toEqual(['cpu', 'webgpu']);
  });

  it.each([
    ['another split of the rows', { folds: [1, 2, 2, 1] }],
    ['another label of a row', { labels: [[1], [0], [1], [1]] }],
    ['other rows', { texts: ['a', 'b', 'c', 'e'] }],
  ])('waits for it where there is only one of %s', async (_, changes) => {
    const rows = { texts: ['a', 'b', 'c', 'd'], labels: [[1], [0], [1], [0]], folds: [1, 2, 1, 2] };
    writeTrainingTable(join(folder, 'other'), { ...rows, ...changes });
    const table = await services.store.putFile(join(folder, 'other'));
    await trainTeacher({ inputs: { data: { ...call.inputs.data, table } } });
    await expect(student()).rejects.toThrow(
      /training\.pseudo, fold 1: the model .* has not been trained.*training\.pseudo: null/s,
    );
    expect(predicted).toEqual([]);
  });

  it('waits for it where only another fold, or another training of it, is there', async () => {
    await trainTeacher({ fold: 2 });
    await trainTeacher({ pipeline: parse(`${text}training: { bestBy: last, seed: 7 }`) });
    await expect(student()).rejects.toThrow(/has not been trained/);
  });

  it('has a key of the rows to predict, as no other fold has', async () => {
    const writeOther = async () => {
      writeTestTable(join(folder, 'other-test'), ['x', 'z']);
      return services.store.putFile(join(folder, 'other-test'));
    };
    const test = await writeOther();
    const others = { ...call, inputs: { data: { ...call.inputs.data, test } } };
    expect(await keyOf(services, 'trainFold', others)).not.toBe(await keyOf(services, 'trainFold', call));
    const pipeline = parse(`${text}training: { bestBy: last }`);
    expect(await keyOf(services, 'trainFold', { ...others, pipeline })).toBe(
      await keyOf(services, 'trainFold', { ...call, pipeline }),
    );
  });
});

function writeTestTable(path: string, texts: readonly string[]): void {
  const file = new ColumnFileWriter(path);
  for (const [name, values] of [
    [preparedColumns.ids, texts.map((_, i) => `t${i}`)],
    [preparedColumns.texts, texts],
  ] as const) {
    const column = file.texts(name);
    for (const value of values) column.append(value);
    column.end();
  }
  file.finish(texts.length);
  file.close();
}
