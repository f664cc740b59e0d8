import { Context, log, sleep } from '@temporalio/activity';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { processor, type DeviceName } from '../engine/device/device.js';
import type { FoldJob, FoldOutcome } from '../engine/training/job.js';
import { InputFault } from '../errors/fault.js';
import { placeOfFold } from '../pipeline/folds.js';
import { cellId, type Cell } from '../pipeline/matrix.js';
import { modelUse } from '../pipeline/pipeline.js';
import type { Lease } from '../store/checkpoints.js';
import { sha256 } from '../store/digest.js';
import { writeDurably } from '../store/durable-file.js';
import { thisProcess } from '../store/process-identity.js';
import type { ArtifactRef, ArtifactStore } from '../store/store.js';
import { currentExecution } from './admission.js';
import type { StepActivities, StepCall } from './contracts.js';
import type { Dataset, TrainedFold } from './outputs.js';
import { onDevice } from './devices.js';
import { finishedFold, recordFold } from './finished-fold.js';
import { FoldSession } from './fold-session.js';
import { beat, beating } from './heartbeat.js';
import { keyOf } from './identity.js';
import { putJson } from './json-artifact.js';
import { digestedModel } from './input-digests.js';
import { changedMeanwhile, reuse } from './recorded.js';
import { teacherProbabilities } from './teacher.js';
import { RunDirectory } from './run-directory.js';
import type { Services } from './services.js';

/** The pipeline of a call is that of its member. */
type Call = StepCall<{ data: Dataset }> & Cell;

/** The same, with the device of this worker that is lent to it. */
type PlacedCall = Call & { readonly device: DeviceName };

/** Between looks at whether another run has finished the same fold, or given it up. */
const pollMs = 1_000;

/**
 * Trains one fold, from its last checkpoint if there is one. The same fold wanted by two runs is
 * trained once: the other one waits for the result, and takes over when the owner's lease runs out.
 */
export function trainFold(services: Services): StepActivities['trainFold'] {
  const running: Running = new Map();
  return (call) => onFreeDevice(services, running, call);
}

/** The sessions of this process, by what all attempts at their fold have in common. */
type Running = Map<string, { readonly session: FoldSession; readonly ended: Promise<unknown> }>;

/** The device is chosen before all else: the fold's key is that of what trains it. */
async function onFreeDevice(services: Services, running: Running, call: Call): Promise<TrainedFold> {
  // An earlier attempt in this process has a device until it is told to stop.
  await beating(() => takeOver(running, call));
  const { cancellationSignal } = Context.current();
  const loan = await beating(() => services.devices.borrow(cancellationSignal));
  try {
    return await waitAndTrain(services, running, { ...onDevice(call, loan.device), device: loan.device });
  } finally {
    loan.giveBack();
  }
}

async function waitAndTrain(services: Services, running: Running, call: PlacedCall): Promise<TrainedFold> {
  const key = await beating(() => keyOf(services, 'trainFold', call));
  for (;;) {
    beat();
    const { output: former } = await beating(() => finishedFold(services, call, call.device));
    if (former !== null) {
      await services.checkpoints.discard(checkpointKey(key, call), owner());
      return former;
    }
    await beating(() => takeOver(running, call));
    const acquired = await services.checkpoints.acquire(checkpointKey(key, call), owner());
    if ('lease' in acquired) return hold(services, running, call, key, acquired.lease);
    await sleep(pollMs);
  }
}

/**
 * An earlier attempt may still train in this process: the server gave it up while it was away. What it has
 * done since its last checkpoint is lost where its lease is taken, and not where it is told to stop first.
 */
async function takeOver(running: Running, call: Call): Promise<void> {
  const former = running.get(attemptsOf(call));
  if (former === undefined) return;
  former.session.handOver();
  await former.ended;
}

/** Names all attempts at one fold of one run. */
function attemptsOf({ step, ...cell }: Call): string {
  const { workflowExecution, activityId } = Context.current().info;
  return `${workflowExecution?.runId} ${activityId} ${step} ${cellId(cell)}`;
}

/** A fresh run must not go on from the checkpoints of another. */
function checkpointKey(key: string, { settings }: Call): string {
  return settings.fresh ? sha256(`${key} ${currentExecution().runId}`) : key;
}

function owner(): Parameters<Services['checkpoints']['acquire']>[1] {
  const { activityId, attempt, workflowExecution } = Context.current().info;
  const runId = workflowExecution?.runId ?? '';
  return { runId, activityId, attempt, host: hostname(), ...thisProcess() };
}

async function hold(
  services: Services,
  running: Running,
  call: PlacedCall,
  key: string,
  lease: Lease,
): Promise<TrainedFold> {
  const session = new FoldSession(services, call, lease);
  const training = trainUnder(services, call, key, lease, session);
  const entry = { session, ended: training.catch(() => undefined) };
  const name = attemptsOf(call);
  running.set(name, entry);
  try {
    return await training;
  } finally {
    if (running.get(name) === entry) running.delete(name);
  }
}

async function trainUnder(
  services: Services,
  call: PlacedCall,
  key: string,
  lease: Lease,
  session: FoldSession,
): Promise<TrainedFold> {
  try {
    return await session.during(async () => {
      // Another run may have finished it between the look for a result and the lease.
      const former = await reuse(services, 'trainFold', key, call);
      if (former === null) {
        session.warnOfAnotherDevice();
        const outcome = await trainSeeds(services, call, key, lease, session);
        return finish(services, call, key, lease, session, outcome);
      }
      await session.letGo();
      await services.checkpoints.remove(lease);
      return former;
    });
  } catch (error) {
    await release(services, lease);
    const { cancellationSignal, cancelled } = Context.current();
    // Rejects with the cancellation: what the trainer says of being stopped is no failure.
    if (cancellationSignal.aborted) await cancelled;
    throw error;
  }
}

/** What cannot be given back runs out by itself, and must not hide why the training ended. */
async function release({ checkpoints }: Services, lease: Lease): Promise<void> {
  await checkpoints.release(lease).catch((error: unknown) => {
    log.warn('the lease of a fold could not be given back', { error });
  });
}

/** Trains, and where that diverges tries the next seeds, as many as the pipeline allows. */
async function trainSeeds(
  services: Services,
  call: PlacedCall,
  key: string,
  lease: Lease,
  session: FoldSession,
): Promise<FoldOutcome> {
  const { seed: first, retrySeeds } = call.pipeline.training;
  const job = await prepareJob(services, call, key, lease);
  for (let seed = lease.seed ?? first; ; seed++) {
    await services.checkpoints.restart(lease, seed);
    const workDirectory = join(lease.workDirectory, `seed-${seed}`);
    await mkdir(workDirectory, { recursive: true });
    const resume = lease.seed === seed ? await services.checkpoints.bring(lease) : [];
    try {
      return await trainFitting(services, { ...job, seed, workDirectory, resume }, session);
    } catch (error) {
      if (!isDivergence(error) || seed >= first + retrySeeds) throw error;
      // One that came later would be taken for the next seed's.
      await session.checkpointsKept();
      session.warn(`seed ${seed} diverged; the fold starts again with seed ${seed + 1}`);
    }
  }
}

/** Trains, and where a step does not fit the memory starts again with fewer texts at once. */
async function trainFitting(services: Services, job: FoldJob, session: FoldSession): Promise<FoldOutcome> {
  const { onMessage, signal } = session;
  const { microBatch, batchSize } = job.training;
  for (let mostTexts = batchSize; ; mostTexts = Math.ceil(mostTexts / 2)) {
    try {
      const attempt = mostTexts === batchSize ? job : { ...job, mostTexts };
      return await services.trainer.train(attempt, { onMessage, signal });
    } catch (error) {
      if (!isOutOfMemory(error) || microBatch !== 'auto' || mostTexts === 1) throw error;
      // The next attempt writes to the files that are being kept.
      await session.checkpointsKept();
      session.warn(
        `the memory was not enough for ${mostTexts} texts at once: the fold starts again with ${Math.ceil(mostTexts / 2)}`,
      );
    }
  }
}

/** Everything about the job but its seed. */
async function prepareJob(services: Services, call: PlacedCall, key: string, lease: Lease): Promise<FoldJob> {
  const { pipeline, settings, inputs, fold, device } = call;
  const { labels, training } = pipeline;
  const table = await services.store.localPath(inputs.data.table);
  return {
    fold,
    ...(await repeatedSplit(services, call)),
    ...(await teacherProbabilities(services, call, lease.workDirectory)),
    task: pipeline.task,
    labels,
    model: await modelOf(services, call, key, lease.workDirectory),
    table,
    training,
    seed: training.seed,
    // A card's memory is its own: how much of it is enough, it says itself.
    ...(services.machineBytes === undefined || device !== processor
      ? {}
      : { machineBytes: services.machineBytes }),
    threads: settings.threads,
    device,
    workDirectory: lease.workDirectory,
    resume: [],
  };
}

/** Where the fold is one of a repeated split after the first. @throws InputFault where there is none */
async function repeatedSplit(
  { store }: Services,
  { pipeline, inputs, fold, step }: Call,
): Promise<Pick<FoldJob, 'repeated'>> {
  const place = placeOfFold(fold, pipeline.folds);
  if (place.repeat === 1) return {};
  const { repeats } = inputs.data;
  if (repeats !== undefined) return { repeated: { ...place, splits: await store.localPath(repeats) } };
  throw new InputFault({
    where: step,
    what: 'the prepared data has no repeated splits',
    remedy: 'Start the run again with --fresh.',
  });
}

/** @throws EnvironmentFault where the checkpoint is not the one any more that the key was made of: the next attempt has a new key */
async function modelOf(
  services: Services,
  call: Call,
  key: string,
  workDirectory: string,
): Promise<FoldJob['model']> {
  const { models, store } = services;
  const { inputs, pipeline } = call;
  const { checkpoint, scratch } = pipeline.model;
  const use = modelUse(pipeline.model);
  if (scratch === undefined) {
    const { folder, digests } = await digestedModel(services, checkpoint ?? '');
    if ((await keyOf(services, 'trainFold', call)) !== key) throw changedMeanwhile(call.step);
    return { checkpoint: folder, digests, ...use };
  }
  const tokenizer = join(workDirectory, 'tokenizer.json');
  await writeDurably(
    tokenizer,
    await models.learnTokenizer(scratch, await store.localPath(inputs.data.table)),
  );
  return { scratch, tokenizer, ...use };
}

/** Takes the outcome into the store and files it under the key; only then the checkpoints go. */
async function finish(
  services: Services,
  call: Call,
  key: string,
  lease: Lease,
  session: FoldSession,
  outcome: FoldOutcome,
): Promise<TrainedFold> {
  const { store, checkpoints } = services;
  const began = performance.now();
  const made: TrainedFold = {
    fold: outcome.fold,
    bestEpoch: outcome.bestEpoch,
    epochs: outcome.epochs,
    rows: await putJson(store, outcome.rows),
    probabilities: await store.putFile(outcome.probabilities, { move: true }),
    model: await takeModel(store, outcome),
    device: outcome.device,
    ...(outcome.precision === undefined ? {} : { precision: outcome.precision }),
    ...(outcome.card === undefined ? {} : { card: outcome.card }),
    threads: outcome.threads,
    attempts: lease.attempts,
    seed: outcome.seed,
    ...(outcome.microBatch === undefined ? {} : { microBatch: outcome.microBatch }),
    seconds: outcome.seconds.total,
    warnings: [...new Set([...session.warnings, ...outcome.warnings])],
  };
  await session.hold();
  const trained = await recordFold(services, key, call, made);
  const directory = new RunDirectory(services, call.run);
  await directory.place('trainFold', trained, call.member);
  await session.letGo();
  await checkpoints.remove(lease);
  const { bestEpoch, seconds, attempts } = trained;
  session.note('fold finished', {
    bestEpoch,
    seconds,
    attempts,
    steps: outcome.steps,
    ...(outcome.precision === undefined ? {} : { precision: outcome.precision }),
    ...(outcome.skippedSteps === undefined ? {} : { skippedSteps: outcome.skippedSteps }),
    timing: { ...outcome.seconds, store: (performance.now() - began) / 1000 },
  });
  return trained;
}

/** Two names may share one file, so each file is taken once. */
async function takeModel(
  store: ArtifactStore,
  { model, weights }: Pick<FoldOutcome, 'model' | 'weights'>,
): Promise<TrainedFold['model']> {
  const taken = new Map<string, ArtifactRef>();
  for (const path of new Set(Object.values(model))) {
    const hashed = path === weights.path ? { sha256: weights.sha256 } : {};
    taken.set(path, await store.putFile(path, { move: true, ...hashed }));
  }
  return Object.fromEntries(Object.entries(model).map(([name, path]) => [name, taken.get(path)!]));
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && error.name === 'OutOfMemoryFault';
}

function isDivergence(error: unknown): boolean {
  return error instanceof Error && error.name === 'DivergenceFault';
}
