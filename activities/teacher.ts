import { Context } from '@temporalio/activity';
import { link, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DeviceName } from '../engine/device/device.js';
import type { FoldJob } from '../engine/training/job.js';
import { InputFault } from '../errors/fault.js';
import type { Cell } from '../pipeline/matrix.js';
import { copyDurably } from '../store/durable-file.js';
import type { StepCall } from './contracts.js';
import { outputOf } from './doors.js';
import { keysToFind } from './finished-fold.js';
import type { Dataset, TrainedFold } from './outputs.js';
import { userOf } from './recorded.js';
import type { Services } from './services.js';

type Call = StepCall<{ data: Dataset }> & Cell & { readonly device: DeviceName };

/**
 * For a fold that is trained on rows to predict, too: what its teacher gives them. The teacher is the same fold of the
 * same pipeline without that, found by its key. So it was trained on the very rows that this fold is trained on, with
 * the same split of the same table, and has seen no held-out row of it: nothing else has that key.
 *
 * @throws InputFault where there is no such fold yet
 */
export async function teacherProbabilities(
  services: Services,
  call: Call,
  workDirectory: string,
): Promise<Pick<FoldJob, 'pseudo'>> {
  const { pipeline, inputs, settings } = call;
  if (pipeline.training.pseudo === null) return {};
  if (inputs.data.test === null) throw withoutRows(call.step);
  const teacher = await trainedTeacher(services, call);
  const folder = await placed(services, teacher, join(workDirectory, 'teacher'));
  const table = await services.store.localPath(inputs.data.test);
  const probabilities = join(workDirectory, 'teacher.f32');
  const signal = Context.current().cancellationSignal;
  const { maxLength } = pipeline.model;
  const options = { maxLength, threads: settings.threads, signal };
  await services.predictor.predict(folder, { table, output: probabilities }, options);
  return { pseudo: { table, probabilities } };
}

async function trainedTeacher(services: Services, call: Call): Promise<TrainedFold> {
  const training = { ...call.pipeline.training, pseudo: null };
  const teacher = { ...call, pipeline: { ...call.pipeline, training } };
  for await (const key of keysToFind(services, teacher, call.device)) {
    const record = await services.keys.reuse(key, userOf(call));
    const trained = record?.activity === 'trainFold' ? outputOf('trainFold', record.output) : null;
    if (trained !== null) return trained;
  }
  throw new InputFault({
    where: `training.pseudo, fold ${call.fold}`,
    what: 'the model that gives the rows to predict their labels has not been trained: the same fold without training.pseudo',
    remedy: 'Run the same pipeline with training.pseudo: null in this workdir, then retry this one.',
  });
}

/** The model's files in a folder. ONNX files are not read. */
async function placed({ store }: Services, { model }: TrainedFold, folder: string): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  for (const [name, ref] of Object.entries(model)) {
    if (name.startsWith('onnx/')) continue;
    const target = join(folder, name);
    const source = await store.localPath(ref);
    await mkdir(dirname(target), { recursive: true });
    await link(source, target).catch(() => copyDurably(source, target));
  }
  return folder;
}

function withoutRows(step: string): InputFault {
  return new InputFault({
    where: step,
    what: 'the prepared data has no rows to predict, which training.pseudo would train on',
    remedy: 'Set data.test, or leave training.pseudo out.',
  });
}
